import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// Whole datagrams out of IP fragments, before their flow is known, and the keys by which lost ones are counted in a flow.
struct FragmentIntake {
    /// Datagrams within datagrams that are put together at most: tunnels fragment what is fragmented already.
    private static let deepest = 4

    /// A datagram that is whole.
    struct Datagram {
        /// What the frame's headers were decoded from last.
        var bytes: [UInt8]
        /// Packets of the wire that count in the flow, and fragments that it took.
        var packets: Int
        var parts: Int
        /// Fragments of it contradicted each other.
        var differs: Bool
    }

    /// A datagram that never became whole, and the keys of flows that it may belong to.
    struct Loss {
        var datagram: FragmentLoss
        /// By its own ports, if the first fragment came.
        var key: FlowKey
        /// That of the flow which last sent fragments between the same hosts.
        var likely: FlowKey?
    }

    enum Outcome {
        case whole(Datagram)
        /// More is to come, or nothing new came.
        case waits
        case malformed
        /// Fragments in fragments, deeper than they are followed.
        case tooDeep
    }

    private var assembler: FragmentAssembler
    /// The flow that last sent fragments between two hosts.
    private var flows: BoundedMap<FragmentPair, FlowKey>
    /// Outer fragments that carried fragments of a datagram that is not whole yet, by the hosts of the inner packet.
    private var carried: BoundedMap<FragmentPair, Int>
    private let capacity: Int

    init(limits: FragmentAssembler.Limits, pairs: Int) {
        assembler = FragmentAssembler(limits: limits)
        flows = BoundedMap(capacity: pairs)
        carried = BoundedMap(capacity: pairs)
        capacity = limits.datagrams
    }

    /// Bytes that fragments under way take.
    var heldBytes: Int { assembler.heldBytes }

    var health: [TableHealth] {
        [
            TableHealth(
                name: "fragmented datagrams", used: assembler.count, capacity: capacity,
                evicted: UInt64(assembler.counters.evicted)),
            TableHealth(
                name: "pairs with fragments", used: flows.count, capacity: flows.capacity, evicted: flows.evicted),
            TableHealth(
                name: "fragments within fragments", used: carried.count, capacity: carried.capacity,
                evicted: carried.evicted),
        ]
    }

    /// Takes the fragment that `frame` was found to be in `bytes`. Once a datagram is whole, `frame` is decoded to its end.
    mutating func take(
        _ frame: inout DecodedFrame, bytes: RawSpan, by decoder: FrameDecoder, at time: Timestamp
    ) -> Outcome {
        var outer = FragmentPair(frame)
        var headerBytes = frame.fragment?.headerLength ?? 0
        var outcome = assembler.observe(frame, bytes: bytes, at: time)
        var parts = 0
        for depth in 1...Self.deepest {
            guard case .complete(let data, let wholeLength, let fragments) = outcome else {
                return wait(outcome, parts, of: outer)
            }
            // An IP header inside, when it is a tunnel, writes its own length here.
            frame.ipLength = -1
            let span = unsafe data.span.bytes  // UInt8 has no padding
            decoder.decodeTransport(span, wireLength: wholeLength, into: &frame)
            parts += fragments + (carried.removeValue(for: outer) ?? 0)
            guard frame.fragment != nil else {
                let isWhole = frame.ipLength < 0
                if isWhole { frame.ipLength = wholeLength + fragments * headerBytes }
                return .whole(
                    Datagram(
                        bytes: data, packets: isWhole ? fragments : 1, parts: parts,
                        differs: assembler.lastOverlapDiffered))
            }
            guard depth < Self.deepest else { break }
            outer = FragmentPair(frame)
            headerBytes = frame.fragment?.headerLength ?? 0
            outcome = assembler.observe(frame, bytes: span, at: time)
        }
        return .tooDeep
    }

    private mutating func wait(_ outcome: FragmentOutcome, _ parts: Int, of pair: FragmentPair) -> Outcome {
        switch outcome {
        case .pending:
            // The count of outer fragments is kept until the datagram inside is whole.
            if parts > 0 { carried.update(pair, initial: 0) { $0 += parts } }
            return .waits
        case .duplicate, .complete: return .waits
        case .dropped: return .malformed
        }
    }

    /// The flow with `key` sent the datagram that became whole.
    mutating func remember(_ pair: FragmentPair, key: FlowKey) {
        // It only serves to guess the ports of datagrams without a first fragment: one that is forgotten costs little.
        flows.insert(key, for: pair, renews: true)
    }

    /// Gives up datagrams that have waited too long at `time`. `Timestamp` of the far future: all.
    mutating func takeLosses(at time: Timestamp) -> [Loss] {
        var losses: [Loss] = []
        assembler.advance(to: time) { loss in
            let key = FlowKey(
                source: loss.source, destination: loss.destination, transport: loss.protocolNumber, vlan: loss.vlan,
                tunnel: loss.tunnel)
            let pair = FragmentPair(
                source: loss.source.address, destination: loss.destination.address, transport: loss.protocolNumber)
            losses.append(Loss(datagram: loss, key: key, likely: flows[pair]))
        }
        return losses
    }
}

/// Two hosts and a protocol, one way.
struct FragmentPair: Hashable, Sendable {
    var source: IPAddress
    var destination: IPAddress
    var transport: UInt8

    init(source: IPAddress, destination: IPAddress, transport: UInt8) {
        self.source = source
        self.destination = destination
        self.transport = transport
    }

    init(_ frame: borrowing DecodedFrame) {
        self.init(source: frame.source, destination: frame.destination, transport: frame.protocolNumber)
    }
}
