// Package native runs mappings on the bytes of records: it compiles a program's core to closures, and an item that is
// scanned to values that point into its bytes.
//
// # The way of a record
//
// A Machine scans an item once. That pass finds its end, judges whether it is JSON, and makes a value of it: a text is a
// slice of the item, a number its digits, an array its elements, an object a layout and a column for each key. Objects
// alike share a layout (layout.go), so a program that reads `.charges[].amount` looks at a key once and not for each
// record.
//
// The program is a graph of closures (compile.go). An expression of at most one output is an eval, a function of its
// input. One of several is an each: it was compiled with what comes behind it, so outputs are calls and need no stack,
// and `empty` is a return. Variables have fixed places; definitions are expanded, for none calls itself. What an
// expression makes lives in the machine's memory (memory.go), which is emptied behind the item: in the steady state
// nothing is allocated.
//
// # What is written
//
// The model says where a value goes: to each place of it a shape (plan.go). What a program builds only to be written is
// written while it is built. Such an expression is a put (put.go): it appends itself at its place, behind a head that has
// the punctuation, the keys and whatever constants stand before it, and no value is made of it. That holds for objects
// (built.go), also those that are laid over another one, of which an overlay knows for each of the other's layouts what
// comes from where (overlay.go), and for lists (into.go). Any other expression gives a value, and what layout it has says
// how that is written (writing.go). Short texts and numbers are copied by words with the head before them (head.go).
//
// Members are written in the model's order, so they are evaluated in it. jq has another one, which nobody sees: a member
// has one output, and where one is an error the item bails, whichever was first. So a put is never compiled inside of what
// may catch an error or leave a label.
//
// # When it is not sure
//
// gojq is what jq means in this house. A function that does not know exactly what gojq would do gives `unknown`, and the
// item bails: what was written of it is cut off, and gojq runs it. So does an item on which jq has an error, whose text
// is gojq's. An expression without a compiled form is an island: gojq runs it in the middle of the program (island.go).
// One that can't be taken out of its program is why gojq runs the whole; the Reasons say which, and where.
package native
