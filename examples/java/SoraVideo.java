// Text or image to video in one file, with Java's standard library alone (Java 17 or newer).
//
//     java SoraVideo.java --prompt "A golden retriever running on a beach" [--image first-frame.png]
//
// Every option may also be an environment variable: OPENAI_BASE_URL, OPENAI_API_KEY, SORA_PROMPT, SORA_IMAGE,
// SORA_MODEL, SORA_SIZE, SORA_SECONDS, SORA_INTERVAL, SORA_TIMEOUT, SORA_OUT.
// Exit codes: 0 saved, 4 wrong key, 5 try again later, 6 rejected, 7 the video failed, 10 it is still being made.

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class SoraVideo {
  static final Set<Integer> TEMPORARY = Set.of(429, 500, 502, 503, 504);

  /** Ends the program with a message and an exit code. */
  static class Stop extends Exception {
    final int code;

    Stop(int code, String message) {
      super(message);
      this.code = code;
    }
  }

  final HttpClient http =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();
  final Map<String, String> options;
  final String run = UUID.randomUUID().toString();
  final double interval;
  final double timeout;
  final long until;

  SoraVideo(Map<String, String> options) {
    this.options = options;
    interval = Double.parseDouble(options.get("interval"));
    timeout = Double.parseDouble(options.get("timeout"));
    until = System.nanoTime() + (long) (timeout * 1e9);
  }

  public static void main(String[] arguments) throws Exception {
    SoraVideo program = new SoraVideo(readOptions(arguments));
    try {
      String id = program.submit();
      program.await(id);
      program.download(id);
    } catch (Stop stop) {
      System.err.println(stop.getMessage());
      System.exit(stop.code);
    }
  }

  /** Step one: the video is accepted and has an id. */
  String submit() throws Exception {
    String boundary = UUID.randomUUID().toString();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (String name : List.of("model", "prompt", "size", "seconds")) {
      String head = "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n".formatted(boundary, name);
      body.writeBytes((head + options.get(name) + "\r\n").getBytes(StandardCharsets.UTF_8));
    }
    if (!options.get("image").isEmpty()) {
      String head =
          "--%s\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"image\"\r\n\r\n";
      body.writeBytes(head.formatted(boundary).getBytes(StandardCharsets.UTF_8));
      body.writeBytes(Files.readAllBytes(Path.of(options.get("image"))));
      body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }
    body.writeBytes("--%s--\r\n".formatted(boundary).getBytes(StandardCharsets.UTF_8));
    HttpRequest.Builder request =
        request("/videos")
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(BodyPublishers.ofByteArray(body.toByteArray()));
    String video = text(call(request));
    String id = field(video, "id");
    System.out.printf(
        "[1/3] Submitted   %s (%s, %s, %s s)%n", id, field(video, "model"), field(video, "size"), field(video, "seconds"));
    return id;
  }

  /** Step two: poll until it is completed. */
  void await(String id) throws Exception {
    while (true) {
      String video = text(call(request("/videos/" + id)));
      String status = field(video, "status");
      String progress = field(video, "progress");
      System.out.printf("[2/3] %-11s %3s %%%n", status, progress.isEmpty() ? "0" : progress);
      if (status.equals("completed")) return;
      if (status.equals("failed")) throw new Stop(7, "The video failed: " + reason(video));
      if (late(interval)) {
        String waited = options.get("timeout");
        throw new Stop(10, "Still %s after %s s; check again later: %s".formatted(status, waited, id));
      }
      Thread.sleep((long) (interval * 1000));
    }
  }

  /** Step three: download into a file that appears only when it is complete. */
  void download(String id) throws Exception {
    Path path = Path.of(options.get("out"), "sora_video_" + id.substring(id.length() - 8) + ".mp4");
    Path part = Path.of(path + ".part");
    HttpResponse<InputStream> response = call(request("/videos/" + id + "/content"));
    long total = response.headers().firstValueAsLong("content-length").orElse(-1);
    long done = 0;
    try (InputStream in = response.body(); var out = Files.newOutputStream(part)) {
      byte[] buffer = new byte[256 * 1024];
      for (int n; (n = in.read(buffer)) > 0; ) {
        out.write(buffer, 0, n);
        done += n;
        System.out.printf("[3/3] Downloading %3d %%  %d of %d bytes%n", done * 100 / total, done, total);
      }
    } catch (IOException broken) {
      throw new Stop(5, "The download stopped at %d of %d bytes; run again.".formatted(done, total));
    }
    if (done != total) {
      throw new Stop(5, "The download stopped at %d of %d bytes; run again.".formatted(done, total));
    }
    Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
    System.out.printf("Saved %s (%d bytes)%n", path, total);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(options.get("base-url") + path))
        .timeout(Duration.ofSeconds(330))
        .header("Authorization", "Bearer " + options.get("api-key"))
        .header("Idempotency-Key", run);
  }

  /** Send one request; wait and retry on 429 and temporary errors. */
  HttpResponse<InputStream> call(HttpRequest.Builder request) throws Exception {
    while (true) {
      HttpResponse<InputStream> response;
      try {
        response = http.send(request.build(), BodyHandlers.ofInputStream());
      } catch (IOException error) {
        throw new Stop(5, options.get("base-url") + " can't be reached: " + error.getMessage());
      }
      int status = response.statusCode();
      if (status < 300) return response;
      String message = status + ": " + reason(text(response));
      if (!TEMPORARY.contains(status)) throw new Stop(status == 401 ? 4 : 6, message);
      double pause = response.headers().firstValue("retry-after").map(Double::parseDouble).orElse(interval);
      if (late(pause)) throw new Stop(5, message);
      System.err.printf("      %d, retrying in %.0f s%n", status, pause);
      Thread.sleep((long) (pause * 1000));
    }
  }

  boolean late(double seconds) {
    return System.nanoTime() + (long) (seconds * 1e9) > until;
  }

  static String text(HttpResponse<InputStream> response) throws IOException {
    try (InputStream in = response.body()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The value of a key in a flat JSON object; the standard library has no JSON reader. */
  static String field(String json, String name) {
    Matcher match = Pattern.compile("\"" + name + "\"\\s*:\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([0-9.]+))").matcher(json);
    if (!match.find()) return "";
    return match.group(1) != null ? match.group(1).replace("\\\"", "\"") : match.group(2);
  }

  /** The message of an error response in any of its formats. */
  static String reason(String json) {
    String message = field(json, "message");
    if (message.isEmpty()) message = field(json, "error");
    return message.isEmpty() ? json.substring(0, Math.min(200, json.length())) : message;
  }

  /** Read the flags, and the environment where a flag is missing. */
  static Map<String, String> readOptions(String[] arguments) {
    String[][] known = {
      {"base-url", "OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"}, {"api-key", "OPENAI_API_KEY", ""},
      {"prompt", "SORA_PROMPT", ""}, {"image", "SORA_IMAGE", ""}, {"model", "SORA_MODEL", "sora-2"},
      {"size", "SORA_SIZE", "1280x720"}, {"seconds", "SORA_SECONDS", "4"}, {"interval", "SORA_INTERVAL", "5"},
      {"timeout", "SORA_TIMEOUT", "900"}, {"out", "SORA_OUT", "."}
    };
    Map<String, String> options = new HashMap<>();
    for (String[] option : known) {
      options.put(option[0], System.getenv().getOrDefault(option[1], option[2]));
    }
    for (int i = 0; i < arguments.length; i += 2) {
      String name = arguments[i].replaceFirst("^--", "");
      if (!options.containsKey(name) || i + 1 == arguments.length) misused("Unknown or empty option: " + arguments[i]);
      options.put(name, arguments[i + 1]);
    }
    if (options.get("prompt").isEmpty()) misused("A prompt is needed: --prompt or SORA_PROMPT");
    options.computeIfPresent("base-url", (name, url) -> url.replaceFirst("/+$", ""));
    return options;
  }

  static void misused(String message) {
    System.err.println(message);
    System.exit(2);
  }
}
