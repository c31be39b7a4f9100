// Package native runs mappings on the bytes of records.
package native
