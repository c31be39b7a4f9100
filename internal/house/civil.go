package house

// The calendar is counted in days since 1970, and in years that begin in March, so that a leap day is their last.

const (
	daySeconds = 24 * 60 * 60
	eraDays    = 146_097 // of 400 years
	eraShift   = 719_468 // days from March of the year 0 to 1970
)

// days is the number of a day since 1970. The month may lie outside of its year.
func days(y, m, d int) int64 {
	y += floorDiv(m-1, 12)
	m -= floorDiv(m-1, 12) * 12
	if m <= 2 {
		y--
		m += 12
	}
	era := floorDiv(y, 400)
	ofEra := y - era*400
	ofYear := (153*(m-3)+2)/5 + d - 1
	return int64(era)*eraDays + int64(ofEra*365+ofEra/4-ofEra/100+ofYear) - eraShift
}

// civil is days backwards.
func civil(day int64) (y, m, d int) {
	day += eraShift
	era := floorDiv(day, eraDays)
	ofEra := int(day - era*eraDays)
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	y, m, d = year+int(era)*400, month+3, ofYear-(153*month+2)/5+1
	if m > 12 {
		y, m = y+1, m-12
	}
	return y, m, d
}

func lastOfMonth(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func floorDiv[N int | int64](a, b N) N {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
