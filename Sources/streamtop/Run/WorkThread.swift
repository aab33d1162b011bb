// Unsafe by nature: this file hands a closure to pthread_create(3). The proof: the box that holds it is retained once for
// the thread and released once by it; the attributes are local and live until the thread is made.
import Glibc
import StreamtopTerminal

/// A thread beside the one that owns the terminal. Signals stay with the latter.
enum WorkThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends when `run` returns. False when the system has none to give.
    ///
    /// - Parameters:
    ///   - name: at most 15 bytes, for `ps` and debuggers.
    ///   - stackSize: bytes; nil for the system's own measure.
    @discardableResult
    static func start(_ name: String, stackSize: Int? = nil, _ run: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard unsafe pthread_attr_init(&attributes) == 0 else { return false }
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize { unsafe pthread_attr_setstacksize(&attributes, stackSize) }
        var thread = pthread_t()
        let body = unsafe Unmanaged.passRetained(
            Body {
                TerminalSignals.blockInThisThread()
                TerminalSignals.nameThisThread(name)
                run()
            })
        let result = unsafe pthread_create(
            &thread, &attributes,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, unsafe body.toOpaque())
        if result != 0 { unsafe body.release() }
        return result == 0
    }
}
