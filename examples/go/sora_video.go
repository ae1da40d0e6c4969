// Text or image to video in one file, with Go's standard library alone (Go 1.18 or newer).
//
//	go run sora_video.go -prompt "A golden retriever running on a beach" [-image first-frame.png]
//
// Every option may also be an environment variable: OPENAI_BASE_URL, OPENAI_API_KEY, SORA_PROMPT, SORA_IMAGE,
// SORA_MODEL, SORA_SIZE, SORA_SECONDS, SORA_INTERVAL, SORA_TIMEOUT, SORA_OUT.
// Exit codes: 0 saved, 4 wrong key, 5 try again later, 6 rejected, 7 the video failed, 10 it is still being made.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type options struct {
	baseURL, apiKey, prompt, image, model, size, seconds, out, run string
	interval, timeout                                             time.Duration
	until                                                          time.Time
}

type video struct {
	ID       string          `json:"id"`
	Status   string          `json:"status"`
	Progress int             `json:"progress"`
	Model    string          `json:"model"`
	Size     string          `json:"size"`
	Seconds  string          `json:"seconds"`
	Error    json.RawMessage `json:"error"`
}

// stop ends the program with a message and an exit code.
type stop struct {
	code    int
	message string
}

func (s stop) Error() string { return s.message }

func main() {
	err := run(readOptions())
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	var s stop
	if errors.As(err, &s) {
		os.Exit(s.code)
	}
	os.Exit(1)
}

func run(o options) error {
	v, err := submit(o)
	if err != nil {
		return err
	}
	if err := wait(o, v.ID); err != nil {
		return err
	}
	return download(o, v.ID)
}

// Step one: the video is accepted and has an id.
func submit(o options) (video, error) {
	var v video
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"model", o.model}, {"prompt", o.prompt}, {"size", o.size}, {"seconds", o.seconds}} {
		if field[1] != "" {
			if err := form.WriteField(field[0], field[1]); err != nil {
				return v, err
			}
		}
	}
	if o.image != "" {
		image, err := os.ReadFile(o.image)
		if err != nil {
			return v, err
		}
		part, err := form.CreateFormFile("input_reference", filepath.Base(o.image))
		if err != nil {
			return v, err
		}
		if _, err := part.Write(image); err != nil {
			return v, err
		}
	}
	if err := form.Close(); err != nil {
		return v, err
	}
	response, err := call(o, "POST", "/videos", body.Bytes(), form.FormDataContentType())
	if err != nil {
		return v, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&v); err != nil {
		return v, err
	}
	fmt.Printf("[1/3] Submitted   %s (%s, %s, %s s)\n", v.ID, v.Model, v.Size, v.Seconds)
	return v, nil
}

// Step two: poll until it is completed.
func wait(o options, id string) error {
	for {
		response, err := call(o, "GET", "/videos/"+id, nil, "")
		if err != nil {
			return err
		}
		var v video
		err = json.NewDecoder(response.Body).Decode(&v)
		response.Body.Close()
		if err != nil {
			return err
		}
		fmt.Printf("[2/3] %-11s %3d %%\n", v.Status, v.Progress)
		switch {
		case v.Status == "completed":
			return nil
		case v.Status == "failed":
			return stop{7, "The video failed: " + message(v.Error)}
		case time.Now().Add(o.interval).After(o.until):
			return stop{10, fmt.Sprintf("Still %s after %g s; check again later: %s", v.Status, o.timeout.Seconds(), id)}
		}
		time.Sleep(o.interval)
	}
}

// Step three: download into a file that appears only when it is complete.
func download(o options, id string) error {
	path := filepath.Join(o.out, "sora_video_"+id[len(id)-8:]+".mp4")
	response, err := call(o, "GET", "/videos/"+id+"/content", nil, "")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer file.Close()
	total, done := response.ContentLength, int64(0)
	for buffer := make([]byte, 256*1024); ; {
		n, err := response.Body.Read(buffer)
		if _, failed := file.Write(buffer[:n]); failed != nil {
			return failed
		}
		if done += int64(n); n > 0 {
			fmt.Printf("[3/3] Downloading %3d %%  %d of %d bytes\n", done*100/total, done, total)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return stop{5, fmt.Sprintf("The download stopped at %d of %d bytes; run again.", done, total)}
		}
	}
	if done != total {
		return stop{5, fmt.Sprintf("The download stopped at %d of %d bytes; run again.", done, total)}
	}
	if err := os.Rename(path+".part", path); err != nil {
		return err
	}
	fmt.Printf("Saved %s (%d bytes)\n", path, total)
	return nil
}

// call sends one request; it waits and retries on 429 and temporary errors.
func call(o options, method, path string, body []byte, contentType string) (*http.Response, error) {
	for {
		request, err := http.NewRequest(method, o.baseURL+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+o.apiKey)
		request.Header.Set("Idempotency-Key", o.run)
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, stop{5, fmt.Sprintf("%s can't be reached: %v", o.baseURL, err)}
		}
		if response.StatusCode < 300 {
			return response, nil
		}
		text, _ := io.ReadAll(io.LimitReader(response.Body, 64*1024))
		response.Body.Close()
		failure := fmt.Sprintf("%d: %s", response.StatusCode, reason(text))
		switch response.StatusCode {
		case 429, 500, 502, 503, 504:
		case 401:
			return nil, stop{4, failure}
		default:
			return nil, stop{6, failure}
		}
		pause := o.interval
		if after, err := strconv.ParseFloat(response.Header.Get("Retry-After"), 64); err == nil {
			pause = time.Duration(after * float64(time.Second))
		}
		if time.Now().Add(pause).After(o.until) {
			return nil, stop{5, failure}
		}
		fmt.Fprintf(os.Stderr, "      %d, retrying in %g s\n", response.StatusCode, pause.Seconds())
		time.Sleep(pause)
	}
}

// reason returns the message of an error response in any of its formats.
func reason(body []byte) string {
	var response struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &response) != nil || response.Error == nil {
		return string(body)
	}
	return message(response.Error)
}

// message reads an error that is an object, a string, or missing.
func message(raw json.RawMessage) string {
	var object struct {
		Message string `json:"message"`
	}
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil && text != "":
		return text
	case json.Unmarshal(raw, &object) == nil && object.Message != "":
		return object.Message
	}
	return "no reason was given"
}

// readOptions reads the flags, and the environment where a flag is missing.
func readOptions() options {
	var o options
	var interval, timeout float64
	number := func(name string, otherwise float64) float64 {
		if value, err := strconv.ParseFloat(os.Getenv(name), 64); err == nil {
			return value
		}
		return otherwise
	}
	flag.StringVar(&o.baseURL, "base-url", env("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1"), "where the API is")
	flag.StringVar(&o.apiKey, "api-key", env("OPENAI_API_KEY", ""), "your key")
	flag.StringVar(&o.prompt, "prompt", env("SORA_PROMPT", ""), "what the video shows")
	flag.StringVar(&o.image, "image", env("SORA_IMAGE", ""), "its first frame")
	flag.StringVar(&o.model, "model", env("SORA_MODEL", "sora-2"), "model")
	flag.StringVar(&o.size, "size", env("SORA_SIZE", "1280x720"), "size")
	flag.StringVar(&o.seconds, "seconds", env("SORA_SECONDS", "4"), "length")
	flag.StringVar(&o.out, "out", env("SORA_OUT", "."), "folder for the video")
	flag.Float64Var(&interval, "interval", number("SORA_INTERVAL", 5), "seconds between polls")
	flag.Float64Var(&timeout, "timeout", number("SORA_TIMEOUT", 900), "seconds to wait in total")
	flag.Parse()
	if o.prompt == "" {
		fmt.Fprintln(os.Stderr, "A prompt is needed: -prompt or SORA_PROMPT")
		os.Exit(2)
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	o.baseURL, o.run = strings.TrimRight(o.baseURL, "/"), hex.EncodeToString(random)
	o.interval = time.Duration(interval * float64(time.Second))
	o.timeout = time.Duration(timeout * float64(time.Second))
	o.until = time.Now().Add(o.timeout)
	return o
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
