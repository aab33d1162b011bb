import StreamtopBase

/// One RTP stream as its flow, the tables of the engine and the streams beside it hold it: a synchronisation source in one
/// direction of a flow. What is known of it lies at an address of its own (decision 0370).
///
/// This is one of the few files with unsafe storage. The proof: `address` is one live allocation of one initialised state from
/// `init` to `deinit`, and the object alone frees it. The thread that owns the engine is the only one that gets there, and no
/// method of a state calls back into the same one: what asks for streams by their source leaves out the one that asks.
@safe
final class RTPStream {
    private let address: UnsafeMutablePointer<RTPStreamState>

    init(_ state: consuming RTPStreamState) {
        let room = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<RTPStreamState>.size, alignment: 64)
        unsafe address = room.bindMemory(to: RTPStreamState.self, capacity: 1)
        unsafe address.initialize(to: state)
    }

    deinit {
        unsafe address.deinitialize(count: 1)
        unsafe UnsafeMutableRawPointer(address).deallocate()
    }

    var state: RTPStreamState {
        unsafeAddress { unsafe UnsafePointer(address) }
        unsafeMutableAddress { unsafe address }
    }
}

/// Streams of one flow by their keys: some, seldom more than four, so that they are looked through in order.
struct RTPStreamList {
    private var keys: [UInt64] = []
    private(set) var all: [RTPStream] = []

    init() {}

    var count: Int { keys.count }

    subscript(key: UInt64) -> RTPStream? {
        get {
            for index in keys.indices where keys[index] == key { return all[index] }
            return nil
        }
        set {
            let index = keys.firstIndex(of: key)
            switch (index, newValue) {
            case (let index?, let stream?): all[index] = stream
            case (let index?, nil):
                keys.remove(at: index)
                all.remove(at: index)
            case (nil, let stream?):
                keys.append(key)
                all.append(stream)
            case (nil, nil): break
            }
        }
    }

    /// Keys name the direction in their lowest bit.
    mutating func exchangeEnds() { for index in keys.indices { keys[index] ^= 1 } }
}
