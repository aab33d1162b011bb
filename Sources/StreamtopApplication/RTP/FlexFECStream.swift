import StreamtopBase
import StreamtopWire

/// Whether a source sends FlexFEC for others, and what its packets can bring back of them.
///
/// Nothing in a packet says that it is FlexFEC; signalling may, by payload type. Without it the sources that a packet
/// protects give it away: RFC 8627 lists them as contributors, where they stay in clear beside SRTP; draft 03, which
/// browsers send, writes them into the payload. Where that is sealed the lengths give it away (`FlexFECLengths`).
struct FlexFECStream {
    /// Own: packets that must look so, and their share of all (three headers of chance would protect packets just sent once in 10^4).
    private static let enough = 3
    /// Own: the same where only the list of contributors can be read.
    private static let enoughListed = 16
    /// A source that has sent so many without looking so is another stream.
    private static let patience = 64
    /// The same where only lengths tell: the streams that it may protect are known to be video after half a second or two.
    private static let patienceByLength = 512
    /// Repair packets that may still bring something back.
    private static let waitingCapacity = 32
    private static let mostProtected = 4
    /// Own: numbers that a repair packet may protect beyond the highest that came: these are lost, or come after it.
    private static let ahead = 3

    /// Numbers of one source that a repair packet protects.
    struct Part {
        var source: UInt32
        var numbers: FlexFECProtection
    }

    private struct Repair {
        var parts: [Part]
        var time: Timestamp
    }

    /// What told that the source sends FlexFEC.
    enum Evidence: String {
        /// Signalling names the payload type.
        case signalling
        /// What its packets hold, or the contributors that they list.
        case packets
        /// Their lengths alone.
        case lengths
    }

    /// nil: it is not known to send any.
    private(set) var evidence: Evidence?
    var isSure: Bool { evidence != nil }
    /// Its headers can be read.
    private(set) var isReadable = false
    /// It is none.
    private var isNone = false
    /// Sources that its packets protect.
    private(set) var protects: [UInt32] = []
    private var packets = 0
    private var listed = 0
    private var plausible = BothReadings()
    private var lengths = FlexFECLengths()
    private var waiting: [Repair] = []

    private struct BothReadings {
        var ends = 0
        var continues = 0
        var best: Int { max(ends, continues) }
    }

    /// Nothing more is to be learnt of the stream's packets.
    var isOver: Bool { isNone }
    /// Some packets looked so.
    var isLikely: Bool { !isNone && (isSure || plausible.best > 0 || listed > 0 || lengths.isLikely) }
    /// Nothing but its lengths can tell what it is: its packets list nobody, and name nobody or are sealed.
    var goesByLength: Bool { !isNone && !isSure && plausible.best + listed == 0 }

    /// Names of the payload format in signalling (RFC 8627 section 5.1; draft 03 in browsers).
    static func isName(_ name: String) -> Bool { name.lowercased().hasPrefix("flexfec") }

    mutating func giveUp() {
        isNone = true
        waiting = []
    }

    /// Signalling names the payload type.
    mutating func believe() { evidence = .signalling }

    /// A packet of the source. `contributors` are those of its header, `payload` what can be read of it; `find` gives the stream of a
    /// source that this one may protect. True when something is to be brought back, or the stream became sure.
    mutating func observe(
        contributors: [UInt32], _ payload: RawSpan?, isProtected: Bool, at time: Timestamp,
        find: (UInt32) -> RTPStream?
    ) -> Bool {
        packets &+= 1
        let isListed = !contributors.isEmpty && contributors.allSatisfy { find($0) != nil }
        if isListed { listed &+= 1 }
        var parts: [Part]?
        if let payload { parts = read(payload, contributors, isListed, find) }
        if let parts {
            if waiting.count == Self.waitingCapacity { waiting.removeFirst() }
            waiting.append(Repair(parts: parts, time: time))
            note(parts.map(\.source))
        } else if isListed, isProtected {
            note(contributors)
        }
        if !isSure {
            if plausible.best >= Self.enough, plausible.best * 10 >= packets * 9 { evidence = .packets }
            if isProtected, listed >= Self.enoughListed, listed == packets { evidence = .packets }
            if !isSure, packets >= (goesByLength ? Self.patienceByLength : Self.patience) { giveUp() }
        }
        if plausible.best >= Self.enough { isReadable = true }
        return isSure
    }

    /// A packet of `payload` bytes behind its header, by a clock of `rate`; `visit` shows it the video streams that it may protect.
    /// True when the stream became sure.
    mutating func observeLength(
        _ payload: Int, isMarked: Bool, rate: Int?, visit: ((RTPStream) -> Void) -> Void
    ) -> Bool {
        guard !isMarked, rate == nil || rate == 90_000 else {
            giveUp()
            return false
        }
        lengths.observe(payload, visit: visit)
        if lengths.isNone { giveUp() }
        guard rate != nil, let source = lengths.protected else { return false }
        note([source])
        evidence = .lengths
        return true
    }

    private mutating func note(_ sources: [UInt32]) {
        for source in sources where !protects.contains(source) && protects.count < Self.mostProtected {
            protects.append(source)
        }
    }

    /// What the packet protects, when its header fits what was sent.
    private mutating func read(
        _ payload: RawSpan, _ contributors: [UInt32], _ isListed: Bool, _ find: (UInt32) -> RTPStream?
    ) -> [Part]? {
        if !isListed {
            guard let parts = Self.named(payload), Self.fits(parts, find) else { return nil }
            plausible.ends &+= 1
            return parts
        }
        let ends = Self.listed(payload, contributors, .setBitEnds).flatMap { Self.fits($0, find) ? $0 : nil }
        let continues = Self.listed(payload, contributors, .setBitContinues).flatMap { Self.fits($0, find) ? $0 : nil }
        if ends != nil { plausible.ends &+= 1 }
        if continues != nil { plausible.continues &+= 1 }
        return plausible.continues > plausible.ends ? continues : ends
    }

    /// By RFC 8627: one protection for each contributor.
    private static func listed(
        _ payload: RawSpan, _ contributors: [UInt32], _ reading: FlexFECProtection.Reading
    ) -> [Part]? {
        var reader = ByteReader(payload)
        guard let form = try? FlexFECForm(decoding: &reader), form != .retransmission else { return nil }
        var parts: [Part] = []
        for source in contributors {
            let numbers =
                form == .fixedMask
                ? try? FlexFECProtection(decodingFixed: &reader)
                : try? FlexFECProtection(decoding: &reader, reading)
            guard let numbers else { return nil }
            parts.append(Part(source: source, numbers: numbers))
        }
        return parts
    }

    /// By draft 03 section 4.2.2: `count(1) reserved(3)`, then each source before its protection.
    private static func named(_ payload: RawSpan) -> [Part]? {
        var reader = ByteReader(payload)
        guard let form = try? FlexFECForm(decoding: &reader), form == .flexibleMask, let word = reader.peekUInt32(),
            word & 0x00ff_ffff == 0, (1...UInt32(mostProtected)).contains(word >> 24)
        else { return nil }
        reader.skip(4)
        var parts: [Part] = []
        for _ in 0..<(word >> 24) {
            guard let source = reader.peekUInt32() else { return nil }
            reader.skip(4)
            guard let numbers = try? FlexFECProtection(decoding: &reader, .setBitEnds, hasThirdBit: true) else {
                return nil
            }
            parts.append(Part(source: source, numbers: numbers))
        }
        return parts
    }

    /// All protected packets were sent shortly before.
    private static func fits(_ parts: [Part], _ find: (UInt32) -> RTPStream?) -> Bool {
        parts.allSatisfy { part in
            guard let stream = find(part.source) else { return false }
            let highest = stream.state.sequence.highest
            let base = stream.state.sequence.extended(part.numbers.base)
            return highest - base < RTPSequence.window && base + Int64(part.numbers.reach) <= highest + Int64(ahead)
        }
    }

    /// Brings back what the waiting packets can: each one packet, when it is the only one missing of those it protects. What comes back
    /// so may make another packet able to, in rows and columns.
    mutating func recover(at time: Timestamp, find: (UInt32) -> RTPStream?) {
        guard isSure else { return }
        var isChanged = true
        while isChanged {  // each turn but the last forgets a packet
            isChanged = false
            for index in waiting.indices.reversed() {
                let missing = Self.missing(waiting[index].parts, find)
                switch missing {
                case .none: waiting.remove(at: index)
                case .one(let stream, let number):
                    guard stream.state.recover(number, at: time) else { continue }
                    waiting.remove(at: index)
                    isChanged = true
                case .several: break
                }
            }
        }
        waiting.removeAll { time - $0.time >= RTPHoles.life }
    }

    private enum Missing {
        case none
        case one(RTPStream, Int64)
        case several
    }

    private static func missing(_ parts: [Part], _ find: (UInt32) -> RTPStream?) -> Missing {
        var found = Missing.none
        for part in parts {
            guard let stream = find(part.source) else { return .several }
            let base = stream.state.sequence.extended(part.numbers.base)
            part.numbers.visit { distance in
                guard !stream.state.isKnown(base + Int64(distance)) else { return true }
                if case .none = found {
                    found = .one(stream, base + Int64(distance))
                    return true
                }
                found = .several
                return false
            }
            if case .several = found { return found }
        }
        return found
    }
}
