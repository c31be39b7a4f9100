package upstream

// Resting says for each connector how many accounts' calls a breaker keeps away from a provider now, and gives the number of
// hosts that are left alone for all. It is for those who watch: what it says may have changed when it is read.
func (c *Client) Resting(show func(connector string, n int)) (hosts int) {
	open := map[string]int{}
	c.lanes.mu.Lock()
	for _, l := range c.lanes.byID {
		open[l.of] += l.resting()
	}
	c.lanes.mu.Unlock()
	for connector, n := range open {
		show(connector, n)
	}
	c.hosts.mu.RLock()
	defer c.hosts.mu.RUnlock()
	for _, h := range c.hosts.byName {
		if h.breaker.open.Load() {
			hosts++
		}
	}
	return hosts
}

// resting is 1 where a breaker keeps calls of the lane's account away from one of its hosts.
func (l *lane) resting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, st := range l.standings {
		if st.breaker.open.Load() {
			return 1
		}
	}
	return 0
}
