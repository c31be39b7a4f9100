package main

type mappingsVerb struct {
	JQ mappingsJQVerb `cmd:"" name:"jq" help:"Print the mapping of a resource as one program that jq itself runs."`
}
