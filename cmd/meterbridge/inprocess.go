package main

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// inProcess is a transport to a handler of this process: no listener, no socket, and bodies still stream.
type inProcess struct{ handler http.Handler }

// RoundTrip runs the handler and returns when it has committed to a status.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &answerWriter{header: http.Header{}, pipe: pw, ready: make(chan struct{}),
		resp: &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: pr, ContentLength: -1, Trailer: http.Header{}}}
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	go func() {
		defer func() {
			w.WriteHeader(http.StatusOK)
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				panic(v)
			} else if v != nil {
				pw.CloseWithError(io.ErrUnexpectedEOF)
				return
			}
			w.trailers()
			pw.Close()
		}()
		t.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.ready:
		return w.resp, nil
	case <-r.Context().Done():
		pr.CloseWithError(errors.New("the caller has left"))
		return nil, r.Context().Err()
	}
}

// answerWriter is the handler's side of a response.
type answerWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	resp   *http.Response
	once   sync.Once
	ready  chan struct{}
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.resp.StatusCode, w.resp.Status = status, http.StatusText(status)
		w.resp.Header = w.header.Clone()
		close(w.ready)
	})
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

// Flush has nothing to do: a write returns when its reader has it.
func (w *answerWriter) Flush() { w.WriteHeader(http.StatusOK) }

// trailers are the announced headers that were set after the status. The reader sees them once it met the end.
func (w *answerWriter) trailers() {
	for _, name := range w.resp.Header.Values("Trailer") {
		if v, ok := w.header[http.CanonicalHeaderKey(name)]; ok {
			w.resp.Trailer[http.CanonicalHeaderKey(name)] = v
		}
	}
}
