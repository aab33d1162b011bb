// One of the few files with unsafe storage. The proof: `ends` is one live allocation of two initialised endpoints from `init` to
// `deinit`, owned by this non-copyable value alone; an index is 0 or 1 by the switch that makes it.
import StreamtopBase

/// Both ends of a connection, by the direction each sends in.
///
/// An endpoint is large, and choosing between two stored values makes the compiler load a whole one to read one member: more than
/// opening a packet costs. Here a member is reached by its address.
@safe
struct QUICEndpoints: ~Copyable {
    private let ends: UnsafeMutablePointer<QUICEndpoint>

    init() {
        unsafe ends = .allocate(capacity: 2)
        unsafe ends.initialize(to: QUICEndpoint())
        unsafe (ends + 1).initialize(to: QUICEndpoint())
    }

    deinit {
        unsafe ends.deinitialize(count: 2)
        unsafe ends.deallocate()
    }

    subscript(direction: Direction) -> QUICEndpoint {
        unsafeAddress { unsafe UnsafePointer(ends + Self.position(direction)) }
        unsafeMutableAddress { unsafe ends + Self.position(direction) }
    }

    @inline(__always)
    private static func position(_ direction: Direction) -> Int {
        switch direction {
        case .fromClient: 0
        case .fromServer: 1
        }
    }
}
