package proxy

// reread lets go of a page whose answer broke off, to be asked for again: the walk then goes on behind the last record that it
// has, as it would from a cursor, so that none is lost or comes twice. That is for answers that are still being gathered. A
// stream's reader has the cursor, and knows best what it has kept; raw has passed the provider's bytes on. I3
func (w *walk) reread(err error) bool {
	handedOn := w.before != nil || w.tap != nil || w.visits != nil
	if handedOn || w.page.cached || w.method.Call(w.pos).Unit == "window" {
		return false
	}
	call := w.page.call
	if len(w.pos.Job) > 0 {
		call.Purpose = "fetch" // it is the job's result that is asked for again, and never the job
	}
	if w.broke++; !w.sess.Repeat(w.ctx, call, err, w.broke) {
		return false
	}
	if !w.resuming {
		w.resuming = w.pos.Out > 0
	}
	w.close()
	return true
}
