import StreamtopBase

/// A value that most flows never need: held outside of the tracker, and made when it is first asked for.
///
/// This is one of the few files that use unsafe storage. The proof: `storage` is nil, or a live allocation of one
/// initialised value that nobody else holds from `fill` until `deinit`; an access without a value stops the program.
@safe
struct OnDemand<Value: ~Copyable>: ~Copyable {
    private var storage: UnsafeMutablePointer<Value>?

    init() { unsafe storage = nil }

    init(_ value: consuming Value) {
        unsafe storage = .allocate(capacity: 1)
        unsafe storage.unsafelyUnwrapped.initialize(to: value)
    }

    deinit {
        unsafe storage?.deinitialize(count: 1)
        unsafe storage?.deallocate()
    }

    var isEmpty: Bool { unsafe storage == nil }

    /// The value, in place; callers have filled it.
    var value: Value {
        unsafeAddress { unsafe UnsafePointer(address) }
        unsafeMutableAddress { unsafe address }
    }

    @inline(__always)
    private var address: UnsafeMutablePointer<Value> {
        guard let storage = unsafe storage else { preconditionFailure("a value on demand that nobody asked for") }
        return unsafe storage
    }

    /// What `body` makes of the value; nil without one.
    @inline(__always)
    func map<Result>(_ body: (borrowing Value) -> Result) -> Result? { isEmpty ? nil : body(value) }

    /// Puts `value` in, unless there is one.
    mutating func fill(_ value: @autoclosure () -> Value) {
        guard isEmpty else { return }
        let position = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe position.initialize(to: value())
        unsafe storage = position
    }

    /// The value will be needed soon.
    func prefetch() {
        if let storage = unsafe storage { unsafe StreamtopBase.prefetch(UnsafePointer(storage)) }
    }
}
