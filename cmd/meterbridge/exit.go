package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Exit codes.
const (
	exitDefect      = 1
	exitInput       = 2
	exitEnvironment = 3
)

// inputError is the user's to mend.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

func badInput(format string, args ...any) error { return inputError{fmt.Errorf(format, args...)} }

// environmentError is neither ours nor the input's: a port that is taken, a gateway that does not answer.
type environmentError struct{ error }

func (e environmentError) Unwrap() error { return e.error }

// errSaid says that the verb has printed what is wrong with its input.
var errSaid = inputError{errors.New("the input has defects")}

func exitCode(err error) int {
	var (
		input       inputError
		environment environmentError
		errs        config.Errors
		findings    assembly.Findings
		path        *fs.PathError
		store       assembly.StoreError
		network     *net.OpError
		p           *problem.Problem
	)
	switch {
	case errors.As(err, &input), errors.As(err, &errs), errors.As(err, &findings), errors.Is(err, context.Canceled):
		return exitInput
	case errors.As(err, &p):
		return problemCode(p)
	case errors.As(err, &environment), errors.As(err, &store), errors.Is(err, config.ErrNoKey), errors.As(err, &path), errors.As(err, &network), errors.Is(err, syscall.EADDRINUSE):
		return exitEnvironment
	}
	return exitDefect
}

// problemCode says whose turn it is: a provider that is down is the environment, a mapping that fails is a defect.
func problemCode(p *problem.Problem) int {
	switch {
	case p.Status < http.StatusInternalServerError:
		return exitInput
	case p.Status == http.StatusInternalServerError, p.Code == problem.MappingFailed:
		return exitDefect
	}
	return exitEnvironment
}

// say prints an error for a person. Lists of findings start each line with file:line:col, so that editors find it.
func say(w io.Writer, err error) {
	var (
		errs     config.Errors
		findings assembly.Findings
	)
	switch {
	case errors.Is(err, errSaid):
	case errors.As(err, &errs):
		fmt.Fprintf(w, "%v\nmeterbridge: the configuration has %s; nothing was started\n", errs, count(len(errs), "error"))
	case errors.As(err, &findings):
		fmt.Fprintf(w, "%v\nmeterbridge: %s in connectors and mappings; nothing was started\n", findings, count(len(findings), "finding"))
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "meterbridge: stopped")
	default:
		fmt.Fprintln(w, "meterbridge:", err)
	}
}

// count is a number with its noun: 1 finding, 2 findings, no findings.
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
