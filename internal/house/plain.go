package house

// The two forms that nearly every record has are read eight bytes at a time.

// pairs is eight bytes of a text, of which those that a mask names are digits and the others given separators: then each
// pair of digits is a number, in the low byte of the two.
func pairs(s string, at int, mask, separators uint64) (uint64, bool) {
	s = s[at : at+8]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	digits := x & mask
	const zeros, six, high = 0x3030303030303030, 0x0606060606060606, 0xf0f0f0f0f0f0f0f0
	if x&^mask != separators || digits&high != zeros&mask || (digits+six&mask)&high != zeros&mask {
		return 0, false
	}
	digits &^= high
	return digits*10 + digits>>8, true
}

func pair(x uint64, at int) int { return int(x >> (8 * at) & 0xff) }

// plainDay reads YYYY-MM-DD from the front of a text that is that long.
func plainDay(s string) (d day, ok bool) {
	const mask, separators = 0x00ffff00ffffffff, '-'<<32 | '-'<<56
	x, ok := pairs(s, 0, mask, separators)
	if !ok {
		return d, false
	}
	tens, ones := s[8]-'0', s[9]-'0'
	d = day{pair(x, 0)*100 + pair(x, 2), pair(x, 5), int(tens)*10 + int(ones)}
	return d, tens <= 9 && ones <= 9 && d.year > 0 && d.month > 0 && d.month <= 12 && d.day > 0 && d.day <= lastOfMonth(d.year, d.month)
}

// plainClock reads THH:MM:SSZ behind such a day, in seconds.
func plainClock(s string) (seconds int, ok bool) {
	const mask, separators = 0x00ffff00ffff00ff, ':'<<8 | ':'<<32 | 'Z'<<56
	x, ok := pairs(s, 12, mask, separators)
	if !ok || s[10] != 'T' {
		return 0, false
	}
	tens := s[11] - '0'
	hour, minute, second := int(tens)*10+int(s[12]-'0'), pair(x, 2), pair(x, 5)
	return hour*3600 + minute*60 + second, tens <= 2 && hour < 24 && minute < 60 && second < 60
}

// Canonical says that a text is a date of the form that Append writes.
func Canonical(s string) bool {
	if len(s) != written {
		return false
	}
	_, day := plainDay(s)
	_, clock := plainClock(s)
	return day && clock
}
