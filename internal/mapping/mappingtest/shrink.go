package mappingtest

import "time"

// atoms are what a part of a program may become.
var atoms = []string{".", "null", "1", `"a"`, "[]", "{}", "empty"}

// shrinker makes a case that differs small, as long as it differs.
type shrinker struct {
	wrong func(*Case) error
	until time.Time
	best  *Case
	last  error // what is wrong with it
}

// Shrunk is the smallest case that was found within the time that something is wrong with too, and what is.
func (c *Case) Shrunk(within time.Duration, wrong func(*Case) error) (*Case, error) {
	s := &shrinker{wrong: wrong, until: time.Now().Add(within), best: c}
	if !s.try(c) {
		return c, nil
	}
	for better := true; better && time.Now().Before(s.until); {
		better = s.steps()
		better = s.roots() || better
		better = s.override() || better
		better = s.program() || better
		better = s.items() || better
	}
	return s.best, s.last
}

// try takes the case where it is wrong still.
func (s *shrinker) try(c *Case) bool {
	if time.Now().After(s.until) {
		return false
	}
	err := s.wrong(c)
	if err != nil {
		s.best, s.last = c, err
	}
	return err != nil
}

func (c *Case) clone() *Case {
	d := *c
	d.Steps = append([]Step(nil), c.Steps...)
	return &d
}

// steps leaves out steps, at first many at once.
func (s *shrinker) steps() (better bool) {
	for n := len(s.best.Steps) / 2; n > 0; n /= 2 {
		for i := 0; i+n <= len(s.best.Steps); {
			c := s.best.clone()
			left := c.Steps[i : i+n]
			c.Steps = append(c.Steps[:i:i], c.Steps[i+n:]...)
			if i < len(c.Steps) && c.Steps[i].Roots == nil { // what was bound is bound still
				for _, l := range left {
					if l.Roots != nil {
						c.Steps[i].Roots = l.Roots
					}
				}
			}
			if s.try(c) {
				better = true
			} else {
				i += n
			}
		}
	}
	return better
}

func (s *shrinker) roots() (better bool) {
	for i := range s.best.Steps {
		for name := range s.best.Steps[i].Roots {
			c := s.best.clone()
			c.Steps[i].Roots = map[string][]byte{}
			for n, text := range s.best.Steps[i].Roots {
				if n != name {
					c.Steps[i].Roots[n] = text
				}
			}
			better = s.try(c) || better
		}
		if s.best.Steps[i].Parent != nil {
			c := s.best.clone()
			c.Steps[i].Parent = nil
			better = s.try(c) || better
		}
	}
	return better
}

func (s *shrinker) override() bool {
	c := s.best.clone()
	c.Override = ""
	return s.best.Override != "" && s.try(c)
}

// program puts parts of the program in the place of what they stand in.
func (s *shrinker) program() (better bool) {
	if s.best.tree == nil {
		return false
	}
	for i := 0; i < len(s.best.tree.all()); i++ {
		for s.replace(i) {
			better = true
		}
	}
	return better
}

func (s *shrinker) replace(i int) bool {
	all := s.best.tree.all()
	if i == 0 || i >= len(all) {
		return false
	}
	n := all[i]
	was := *n
	for _, kid := range n.all()[1:] {
		*n = *kid
		if s.tryTree() {
			return true
		}
		*n = was
	}
	if len(was.kids) == 0 && len(was.texts[0]) <= 4 {
		return false
	}
	for _, a := range atoms {
		*n = *join(a)
		if s.tryTree() {
			return true
		}
		*n = was
	}
	return false
}

func (s *shrinker) tryTree() bool {
	c := s.best.clone()
	c.Text = made(c.tree)
	return len(c.Text) < len(s.best.Text) && s.try(c)
}

// items leaves out what is in the items.
func (s *shrinker) items() (better bool) {
	for i := range s.best.Steps {
		root := parse(s.best.Steps[i].Item)
		if root == nil {
			better = s.bytes(i) || better
			continue
		}
		for j := 0; j < len(root.all(nil)); j++ {
			for s.item(i, j, root) {
				better = true
			}
		}
	}
	return better
}

func (s *shrinker) item(i, j int, root *doc) bool {
	all := root.all(nil)
	if j >= len(all) {
		return false
	}
	v := all[j]
	was := *v
	try := func() bool {
		c := s.best.clone()
		c.Steps[i].Item = []byte(root.String())
		if len(c.Steps[i].Item) < len(s.best.Steps[i].Item) && s.try(c) {
			return true
		}
		*v = was
		return false
	}
	for _, kid := range was.kids {
		if *v = *kid; try() {
			return true
		}
	}
	for k := range was.kids {
		*v = *was.clone()
		if v.drop(k); try() {
			return true
		}
	}
	for _, atom := range []string{"1", `""`, "{}", "[]", "null"} {
		if *v = (doc{raw: atom}); atom[0] == '{' || atom[0] == '[' {
			*v = *parse([]byte(atom))
		}
		if try() {
			return true
		}
	}
	return false
}

func (s *shrinker) bytes(i int) (better bool) {
	for j := 0; j < len(s.best.Steps[i].Item); {
		c := s.best.clone()
		item := c.Steps[i].Item
		c.Steps[i].Item = append(item[:j:j], item[j+1:]...)
		if s.try(c) {
			better = true
		} else {
			j++
		}
	}
	return better
}
