<?php
// Sends the request in the file named first as PHP writes forms, by its HTTP streams; prints the answers.
[, $file, $url, $key, $idempotencyKey] = $argv;
$request = json_decode(file_get_contents($file), true);
$request['seconds'] = (float) $request['seconds'];
$bodies = [
    'http_build_query' => http_build_query($request + ['size' => null, 'model' => '']),
    'RFC 3986' => http_build_query($request, '', '&', PHP_QUERY_RFC3986),
    'json_encode' => http_build_query(array_map(fn ($value) => is_array($value) ? json_encode($value) : $value, $request)),
];
foreach ($bodies as $way => $body) {
    $headers = [
        "Authorization: Bearer $key", "Idempotency-Key: $idempotencyKey",
        'Content-Type: application/x-www-form-urlencoded',
    ];
    $options = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 30];
    $answer = json_decode(file_get_contents($url, false, stream_context_create(['http' => $options])), true);
    echo $way, ' ', $answer['id'] ?? json_encode($answer), ' ', $answer['seconds'] ?? '', "\n";
}
