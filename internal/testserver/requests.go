//go:build !js

package testserver

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

func requests(mux *http.ServeMux) {
	// echo answers with what came.
	mux.HandleFunc("/http/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", "here")
		w.Header().Set("X-Hidden", "not exposed across origins")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"method": r.Method, "body": string(body), "type": r.Header.Get("Content-Type"),
			"authorization": r.Header.Get("Authorization"), "test": r.Header.Get("X-Test"), "cookie": r.Header.Get("Cookie"),
		})
	})
	// cookie sets one.
	mux.HandleFunc("/http/cookie", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/http", HttpOnly: true})
	})
	// status answers with the status ?code.
	mux.HandleFunc("/http/status", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.URL.Query().Get("code"))
		if code >= 300 && code < 400 {
			w.Header().Set("Location", "/http/echo")
		}
		w.WriteHeader(code)
		if code >= 400 {
			_, _ = io.WriteString(w, "as asked")
		}
	})
	// big answers with ?size bytes, without saying so before.
	mux.HandleFunc("/http/big", func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		chunk := strings.Repeat("x", 1000)
		for sent := 0; sent < size; sent += len(chunk) {
			if _, err := io.WriteString(w, chunk[:min(len(chunk), size-sent)]); err != nil {
				return
			}
		}
	})
	// typed answers with ?body, its bytes in hexadecimal, as the content type ?type.
	mux.HandleFunc("/http/typed", func(w http.ResponseWriter, r *http.Request) {
		body, _ := hex.DecodeString(r.URL.Query().Get("body"))
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		_, _ = w.Write(body)
	})
	// steps answers with a header, and then with a piece of its body whenever the same path is
	// asked by POST: "piece", until that has ?last.
	var steps sync.Map // by ?id
	mux.HandleFunc("/http/steps", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		stored, _ := steps.LoadOrStore(query.Get("id"), make(chan bool))
		next := stored.(chan bool)
		if r.Method == http.MethodPost {
			select {
			case next <- query.Has("last"):
			case <-r.Context().Done():
			}
			return
		}
		for last := false; !last; {
			_ = http.NewResponseController(w).Flush()
			select {
			case last = <-next:
				_, _ = io.WriteString(w, "piece")
			case <-r.Context().Done():
				return
			}
		}
	})
	// hang never answers; hang-body answers half. Who goes away is noticed only
	// once the request has been read.
	mux.HandleFunc("/http/hang", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	mux.HandleFunc("/http/hang-body", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	// reset cuts the connection off.
	mux.HandleFunc("/http/reset", func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			reset(c)
		}
	})
	// no-cors answers without the headers that a browser asks for.
	mux.HandleFunc("/http/no-cors", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret") })
}
