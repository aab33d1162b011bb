import Glibc

/// Rests the calling thread; a signal may end the rest early.
func sleepMilliseconds(_ count: Int32) {
    _ = poll(nil, 0, count)
}
