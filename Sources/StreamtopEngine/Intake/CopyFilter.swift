import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Recognises frames that the capture holds more than once, before they reach the state of any flow: a mirror port that
/// copies both ways, `any` on a host with bridges and veth pairs, two captures of one path read together.
///
/// A copy has the same network and transport header and the same payload as a frame shortly before; interface, link header,
/// VLAN, tunnel, hop limit and checksums may differ. One such frame proves nothing: networks duplicate packets, too.
/// What tells them apart is the share: of a flow that is captured twice nearly *every* packet has its copy. So a frame
/// is left out when at least four fifths of the flow's frames up to its original had one as well.
///
/// Costs a hash of the headers and two places in tables of fixed size for each frame: under a hundred instructions.
struct CopyFilter: ~Copyable {
    enum Outcome {
        /// To be analysed.
        case original
        /// Left out.
        case copy
        /// The flow is captured at two points, and this is the first frame at the one that is to be judged: what was built
        /// of the other's frames must go.
        case movesPoint
    }

    /// Frames remembered, and flows of which the share is kept; powers of two. 16,384 frames are more than half a second
    /// of 10 Gb/s in full packets.
    private static let frameSlots = 16_384
    private static let flowSlots = 4_096
    /// A copy by the network, a bridge or a mirror follows within this; the identification shows that it is no
    /// retransmission.
    private static let longestLag: Nanoseconds = .milliseconds(100)
    /// Without an identification, equal acknowledgments may follow each other closely.
    private static let shortestLag: Nanoseconds = 900_000
    /// Between two points lies a path, and the clocks of two hosts.
    private static let pathLag: Nanoseconds = .seconds(2)
    /// Copied frames of one flow from which on it is proven to be captured more than once.
    private static let proof: UInt32 = 8

    struct Frame {
        var fingerprint: UInt64 = 0
        var time = Timestamp(nanoseconds: .min)
        /// Which of its flow's frames it was, counted without copies, from 1.
        var ordinal: UInt32 = 0
        var point: UInt16 = 0
        var copies: UInt16 = 0
    }

    struct Flow {
        var tag: UInt32 = 0
        var frames: UInt32 = 0
        /// Of these, those that came again.
        var copied: UInt32 = 0
        /// The point that is judged, once two are known; else none.
        var home: UInt16 = .max
        var isProven = false
    }

    private var frames = FixedTable(Frame(), count: frameSlots)
    private var flows = FixedTable(Flow(), count: flowSlots)
    private var left = (packets: UInt64(0), bytes: UInt64(0))
    private var kinds = (mirror: UInt64(0), hostPath: UInt64(0), twoPoints: UInt64(0))
    private var hasProof = false

    /// What was left out; nil until a flow is proven to be captured more than once.
    var seenTwice: SeenTwice? {
        guard hasProof else { return nil }
        let kind: SeenTwice.Kind =
            kinds.twoPoints >= max(kinds.mirror, kinds.hostPath)
            ? .twoPoints : kinds.hostPath >= kinds.mirror ? .hostPath : .mirror
        return SeenTwice(packets: left.packets, bytes: left.bytes, kind: kind)
    }

    /// `conversation`: a number of its flow, whatever that travels in; `isSourceLow` tells the directions apart.
    @inline(__always)
    mutating func examine(
        _ record: FrameRecord, _ frame: borrowing DecodedFrame, conversation: UInt64, isSourceLow: Bool, bytes: RawSpan
    ) -> Outcome {
        guard frame.hasNetwork, frame.transport != .none, frame.transport != .other else { return .original }
        let directed = isSourceLow ? conversation : ~conversation
        let fingerprint =
            frame.transport == .tcp
            ? Self.fingerprint(tcp: frame, directed) : Self.fingerprint(other: frame, directed, bytes: bytes)
        let index = Int(truncatingIfNeeded: conversation >> 52)
        let tag = UInt32(truncatingIfNeeded: conversation >> 20)
        if flows[index].tag != tag { flows[index] = Flow(tag: tag) }
        let point = UInt16(truncatingIfNeeded: record.interface)
        let slot = Int(truncatingIfNeeded: fingerprint >> 17)
        // Hardly any frame was seen before.
        if frames[slot].fingerprint == fingerprint || flows[index].home != .max,
            let outcome = knownFrame(
                record, point, fingerprint, slot, index, hasIdentification: (frame.identification ?? 0) != 0)
        {
            return outcome
        }
        flows[index].frames &+= 1
        frames[slot] = Frame(
            fingerprint: fingerprint, time: record.time, ordinal: flows[index].frames, point: point, copies: 0)
        return .original
    }

    /// The frame may have come before, or its flow is captured at two points; nil where it is new.
    @inline(never)
    private mutating func knownFrame(
        _ record: FrameRecord, _ point: UInt16, _ fingerprint: UInt64, _ slot: Int, _ index: Int,
        hasIdentification: Bool
    ) -> Outcome? {
        if flows[index].home != .max, flows[index].home != point {
            kinds.twoPoints &+= 1
            prove(index, copies: 1)
            return leaveOut(record)
        }
        guard frames[slot].fingerprint == fingerprint else { return nil }
        let lag = record.time - frames[slot].time
        let isElsewhere = frames[slot].point != point
        let longest = !hasIdentification ? Self.shortestLag : isElsewhere ? Self.pathLag : Self.longestLag
        guard lag.magnitude <= UInt64(longest) else { return nil }
        return repeated(slot, index, record, point, lag: Nanoseconds(lag.magnitude), isElsewhere: isElsewhere)
    }

    /// A frame came again.
    @inline(never)
    private mutating func repeated(
        _ slot: Int, _ index: Int, _ record: FrameRecord, _ point: UInt16, lag: Nanoseconds, isElsewhere: Bool
    ) -> Outcome {
        if frames[slot].copies == 0 { flows[index].copied &+= 1 }
        frames[slot].copies = frames[slot].copies &+ 1
        // Of the frames up to the original; later ones may still wait for their copies.
        guard UInt64(flows[index].copied) * 5 >= UInt64(frames[slot].ordinal) * 4 else {
            flows[index].frames &+= 1
            return .original
        }
        prove(index, copies: 0)
        if isElsewhere, lag > Self.shortestLag {
            kinds.twoPoints &+= 1
            let home = min(point, frames[slot].point)
            flows[index].home = home
            if home == point {
                flows[index].frames = 1
                flows[index].copied = 0
                frames[slot].point = point
                frames[slot].time = record.time
                frames[slot].ordinal = 1
                _ = leaveOut(record)
                return .movesPoint
            }
        } else if isElsewhere || record.linkType == .linuxCooked || record.linkType == .linuxCooked2 {
            kinds.hostPath &+= 1
        } else {
            kinds.mirror &+= 1
        }
        return leaveOut(record)
    }

    /// Another `copies` frames of the flow came again; enough of them are proof.
    private mutating func prove(_ index: Int, copies: UInt32) {
        flows[index].copied &+= copies
        guard !flows[index].isProven, flows[index].copied >= Self.proof else { return }
        flows[index].isProven = true
        hasProof = true
    }

    private mutating func leaveOut(_ record: FrameRecord) -> Outcome {
        left.packets &+= 1  // counts of frames: out of reach of any capture
        left.bytes &+= UInt64(max(record.wireLength, 0))
        return .copy
    }

    // MARK: What makes two frames the same

    @inline(__always)
    private static func fingerprint(tcp frame: borrowing DecodedFrame, _ directed: UInt64) -> UInt64 {
        var hash = begin(frame, directed)
        hash = mix(hash, UInt64(frame.tcp.sequence) << 32 | UInt64(frame.tcp.acknowledgment))
        let stamp = frame.tcp.options.hasTimestamps ? frame.tcp.options.timestampValue : 0
        hash = mix(hash, UInt64(frame.tcp.flags.rawValue) << 48 | UInt64(frame.tcp.window) << 32 | UInt64(stamp))
        if frame.tcp.options.sackCount > 0 { hash = mix(hash, UInt64(frame.tcp.options.sack0.end)) }
        return hash
    }

    /// What datagrams say lies in their first bytes: sequence numbers, transactions, packet numbers. An ICMP error quotes a whole
    /// header before it comes to what tells two packets of a flow apart.
    @inline(never)
    private static func fingerprint(
        other frame: borrowing DecodedFrame, _ directed: UInt64, bytes: RawSpan
    ) -> UInt64 {
        var hash = begin(frame, directed)
        if let part = frame.fragment { hash = mix(hash, UInt64(truncatingIfNeeded: part.offset) &+ 1) }
        var reader = ByteReader(frame.payload(in: bytes))
        var words = 0
        let most = frame.transport == .icmp ? 12 : 4
        while words < most, reader.remaining >= 8 {
            hash = mix(hash, reader.uint64())
            words += 1
        }
        while reader.remaining >= 4, words < most + 2 {
            hash = mix(hash, UInt64(reader.uint32()))
            words += 1
        }
        return hash
    }

    @inline(__always)
    private static func begin(_ frame: borrowing DecodedFrame, _ directed: UInt64) -> UInt64 {
        mix(directed, UInt64(frame.identification ?? 0) << 32 ^ UInt64(truncatingIfNeeded: frame.payloadLength))
    }

    @inline(__always)
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ right) &* 0x9e37_79b9_7f4a_7c15
        return product ^ product >> 32
    }
}
