# Sends the request in the file named first as Ruby programs write forms; prints the answers.
require "json"
require "net/http"

file, url, key, idempotency_key = ARGV
request = JSON.parse(File.read(file))

# As Rails' Hash#to_query names what is nested.
def pairs(value, name = nil)
  case value
  when Hash then value.flat_map { |key, inner| pairs(inner, name ? "#{name}[#{key}]" : key) }
  when Array then value.flat_map { |inner| pairs(inner, "#{name}[]") }
  else [[name, value.to_s]]
  end
end

["multipart/form-data", "application/x-www-form-urlencoded"].each do |type|
  uri = URI(url)
  post = Net::HTTP::Post.new(uri, "Authorization" => "Bearer #{key}", "Idempotency-Key" => idempotency_key)
  post.set_form(pairs(request), type)
  answer = JSON.parse(Net::HTTP.start(uri.host, uri.port, read_timeout: 30) { |http| http.request(post) }.body)
  puts "#{type} #{answer["id"] || answer} #{answer["seconds"]}"
end
