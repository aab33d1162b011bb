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

    /// Where the state is, for as long as somebody holds the stream.
    var place: RTPStreamPlace { unsafe RTPStreamPlace(address) }
}

/// Where the state of a stream lies, without holding the stream: for what is done with each packet, while the list that gave it
/// holds the stream and does not change.
@safe
struct RTPStreamPlace {
    private let address: UnsafeMutablePointer<RTPStreamState>

    fileprivate init(_ address: UnsafeMutablePointer<RTPStreamState>) { unsafe self.address = address }

    var state: RTPStreamState {
        unsafeAddress { unsafe UnsafePointer(address) }
        nonmutating unsafeMutableAddress { unsafe address }
    }

    /// The state will be needed soon: a prefetch reads nothing.
    @inline(__always)
    func prefetch() { unsafe prefetchBytes(UnsafeRawPointer(address), RTPStreamState.busyBytes) }
}

/// Streams of one flow by their keys: some, seldom more than four, so that they are looked through in order.
struct RTPStreamList {
    /// Of the newest streams that were found, the first four places.
    private var quickKeys = InlineArray<4, UInt64>(repeating: .max)
    private var quickPlaces = InlineArray<4, RTPStreamPlace?>(repeating: nil)
    private var quickCount = 0
    private(set) var count = 0
    private var keys: [UInt64] = []
    private(set) var all: [RTPStream] = []

    init() {}

    subscript(key: UInt64) -> RTPStream? {
        get {
            for index in keys.indices where keys[index] == key { return all[index] }
            return nil
        }
        set {
            forgetPlaces()
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
            count = keys.count
        }
    }

    /// The place of a stream that is proven. A key has 33 bits: none is the one that stands for nothing.
    @inline(__always)
    mutating func provenPlace(_ key: UInt64) -> RTPStreamPlace? {
        for index in 0..<4 where quickKeys[index] == key { return quickPlaces[index] }
        return notePlace(key)
    }

    @inline(never)
    private mutating func notePlace(_ key: UInt64) -> RTPStreamPlace? {
        guard let stream = self[key], stream.state.isProven else { return nil }
        quickKeys[quickCount & 3] = key
        quickPlaces[quickCount & 3] = stream.place
        quickCount &+= 1
        return stream.place
    }

    /// The place of the flow's first stream, as a guess at the one whose packet comes next.
    var likelyPlace: RTPStreamPlace? { quickPlaces[0] }

    private mutating func forgetPlaces() {
        quickKeys = InlineArray(repeating: .max)
        quickPlaces = InlineArray(repeating: nil)
        quickCount = 0
    }

    /// Keys name the direction in their lowest bit.
    mutating func exchangeEnds() {
        forgetPlaces()
        for index in keys.indices { keys[index] ^= 1 }
    }
}
