import StreamtopBase

/// The layers of one flow from its transport up, for flows of which somebody reads what they carry: what each is and where in
/// its slab the tracker lies. Several layers may stand on one: on a UDP port that WebRTC uses, STUN, DTLS and RTP do.
struct LayerStack: ~Copyable, Sendable {
    struct Layer: Equatable, Sendable {
        var kind: ProtocolKind
        /// Slab index of its tracker; `FlowEntry.none` where it has none.
        var index: UInt32
        /// Place of the layer that carries it; the transport carries itself.
        var carrier: UInt8
    }

    /// The transport, a tunnel of two more, and what else shares its port.
    static let capacity = 8

    private(set) var count = 1
    /// What of it datagrams are asked about.
    private(set) var kinds = SharedKinds()
    private var layers: InlineArray<8, Layer>
    private let addressOnly = AddressOnly()

    init(_ transport: ProtocolKind, index: UInt32 = FlowEntry.none) {
        layers = InlineArray(repeating: Layer(kind: transport, index: index, carrier: 0))
    }

    /// The transport is at place 0; a layer stands behind its carrier.
    subscript(depth: Int) -> Layer { layers[depth] }

    func depth(of kind: ProtocolKind) -> Int? {
        for depth in 0..<count where layers[depth].kind == kind { return depth }
        return nil
    }

    func index(of kind: ProtocolKind) -> UInt32? { depth(of: kind).map { layers[$0].index } }

    /// The layer on `depth`, the first where there are several.
    func above(_ depth: Int) -> Int? {
        for next in depth + 1..<max(depth + 1, count) where Int(layers[next].carrier) == depth { return next }
        return nil
    }

    /// The layer of this kind on `depth`.
    func above(_ depth: Int, _ kind: ProtocolKind) -> Int? {
        for next in depth + 1..<max(depth + 1, count)
        where Int(layers[next].carrier) == depth && layers[next].kind == kind { return next }
        return nil
    }

    /// The innermost layer: of several on one carrier the one that came first.
    var top: ProtocolKind {
        var depth = 0
        while let next = above(depth) { depth = next }  // each round goes up, and a layer stands behind its carrier
        return layers[depth].kind
    }

    /// Puts a layer on the one at `carrier`; its place, nil when the stack is full.
    mutating func push(_ kind: ProtocolKind, index: UInt32, on carrier: Int) -> Int? {
        guard count < Self.capacity, carrier < count else { return nil }
        layers[count] = Layer(kind: kind, index: index, carrier: UInt8(carrier))  // below 8
        count += 1
        kinds.insert(SharedKinds(kind, isOnTransport: carrier == 0))
        return count - 1
    }

    /// Takes the layer at `depth` off, and before it everything that it carries. Places below it stay.
    mutating func pop(to depth: Int, _ taken: (Layer) -> Void) {
        while let above = above(depth) { pop(to: above, taken) }  // each round takes at least one off
        taken(layers[depth])
        for next in depth + 1..<max(depth + 1, count) {
            layers[next - 1] = layers[next]
            if Int(layers[next - 1].carrier) > depth { layers[next - 1].carrier -= 1 }
        }
        count -= 1
        kinds = SharedKinds()
        for next in 1..<max(1, count) {
            kinds.insert(SharedKinds(layers[next].kind, isOnTransport: layers[next].carrier == 0))
        }
    }
}

/// Of the protocols that may stand on one UDP port those that each datagram is asked about.
struct SharedKinds: OptionSet, Sendable {
    let rawValue: UInt8

    static let media = SharedKinds(rawValue: 1)
    /// Read before any other, or for good once they were found.
    static let exclusive = SharedKinds(rawValue: 2)
    /// They say who speaks, and how what they say is protected.
    static let setup = SharedKinds(rawValue: 4)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ kind: ProtocolKind, isOnTransport: Bool) {
        switch kind {
        case .rtp where isOnTransport: self = .media
        case .quic, .srt, .sctp: self = isOnTransport ? .exclusive : []
        case .stun, .dtls: self = .setup
        default: self = []
        }
    }
}
