import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopWire

/// Frames that no flow could be made of, by layer and cause; a fixed table, no strings until it is shown.
struct UndecodedCounter {
    private var byLayer: [UInt64] = Array(repeating: 0, count: Layer.allCases.count * Cause.allCases.count)
    private var otherProtocols: [UInt64] = []

    private enum Cause: Int, CaseIterable { case truncated, malformed, unsupported, noFlow }

    mutating func record(_ frame: borrowing DecodedFrame) {
        guard let stop = frame.stop else {
            // Decoded as far as IP, but the protocol above it has no flows of its own.
            if otherProtocols.isEmpty { otherProtocols = Array(repeating: 0, count: 256) }
            otherProtocols[Int(frame.protocolNumber)] &+= 1
            return
        }
        let cause: Cause =
            switch stop.cause {
            case .truncated: .truncated
            case .malformed: .malformed
            case .unsupported: .unsupported
            }
        byLayer[Int(stop.layer.rawValue) * Cause.allCases.count + cause.rawValue] &+= 1
    }

    /// Reason and packets, in a fixed order.
    var counts: [UndecodedCount] {
        var list: [UndecodedCount] = []
        for layer in Layer.allCases {
            for cause in Cause.allCases {
                let count = byLayer[Int(layer.rawValue) * Cause.allCases.count + cause.rawValue]
                if count > 0 { list.append(UndecodedCount(reason: "\(layer)_\(cause)", packets: count)) }
            }
        }
        for (number, count) in otherProtocols.enumerated() where count > 0 {
            list.append(UndecodedCount(reason: "ip_protocol_\(number)", packets: count))
        }
        return list
    }
}

extension DecodeCounts {
    mutating func record(_ cause: DecodeError.Cause) {
        switch cause {
        case .truncated: truncated += 1
        case .malformed: malformed += 1
        case .unsupported: unsupported += 1
        }
    }
}

extension FlowEngine {
    /// Counts in its flow why a frame could not be decoded to its end.
    mutating func countStop(_ stop: DecodeError, in position: UInt32) {
        ensureRare(position)
        rareFacts[flows[position].rare].decode.record(stop.cause)
    }
}

/// What was counted of all frames of an engine.
struct CaptureCounts {
    var totals = TrafficTotals()
    var decode = DecodeCounts()
    var undecoded = UndecodedCounter()
    /// Frames of which the capture kept a part.
    var truncatedFrames: UInt64 = 0
    /// Of flows that left the table.
    var protocols = ProtocolCounter()
    var drops = CaptureDrops()
    /// How far the analysis is behind the wire; nil for a file, which nothing waits for.
    var behind: Nanoseconds?
    /// What is wrong with the source right now, in words, as its owner says.
    var sourceProblem: String?
    var rates = RateWindow()
    var directions = CaptureDirections()
}

/// Packets and bits a second over the last whole second of capture time.
struct RateWindow {
    private var packets: UInt64 = 0
    private var bytes: UInt64 = 0
    private var start = Timestamp(nanoseconds: 0)
    private(set) var packetRate = 0.0
    private(set) var bitRate = 0.0

    mutating func begin(at time: Timestamp) { start = time }

    mutating func record(bytes count: Int) {
        packets &+= 1
        bytes &+= UInt64(max(0, count))
    }

    /// Called about once a second of capture time.
    mutating func roll(at time: Timestamp) {
        let elapsed = (time - start).seconds
        guard elapsed > 0 else { return }
        packetRate = Double(packets) / elapsed
        bitRate = Double(bytes) * 8 / elapsed
        packets = 0
        bytes = 0
        start = time
    }
}

/// Totals by the innermost protocol known of a flow, so that each flow counts once: first of those that left the table.
struct ProtocolCounter {
    private var totals: [ProtocolKind: ProtocolTotal] = [:]

    /// What a flow carries for others was counted in it.
    mutating func record(_ entry: borrowing FlowEntry, top kind: ProtocolKind) {
        guard !entry.isRelayed else { return }
        totals[kind, default: ProtocolTotal(name: kind.rawValue, flows: 0, packets: 0, bytes: 0)].flows += 1
        totals[kind]?.packets &+= entry.client.packets &+ entry.server.packets
        totals[kind]?.bytes &+= entry.client.bytes &+ entry.server.bytes
    }

    /// In order of name.
    var all: [ProtocolTotal] { totals.values.sorted { $0.name < $1.name } }
}

extension TransportKind {
    /// Flows are made of these four only.
    var protocolKind: ProtocolKind {
        switch self {
        case .tcp: .tcp
        case .sctp: .sctp
        case .icmp: .icmp
        case .udp, .none, .other: .udp
        }
    }
}

extension FlowEngine {
    /// The innermost protocol that a flow is known to carry.
    func topProtocol(_ position: UInt32) -> ProtocolKind {
        let stack = flows[position].layers
        let transport = flows[position].transport.protocolKind
        guard stack != FlowEntry.none else { return transport }
        let top = trackers.stacks[stack].top
        // A layer that is tried is not one that was found.
        switch top {
        case .tls: return isTLS(position) ? top : transport
        case .dtls:
            let index = trackers.index(of: .dtls, in: stack)
            return index.map { trackers.dtls[$0].isConvincing } ?? false ? top : transport
        default: return top
        }
    }
}
