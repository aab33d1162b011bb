import StreamtopBase

/// pcapng files (draft-ietf-opsawg-pcapng): blocks that name their kind and length.
///
///     kind   total length   body, padded to 4   total length again
///
/// A section header starts over: its own byte order and its own list of interfaces. Blocks of kinds we do not know are
/// stepped over by their length, as the format wants it.
struct PcapngParser {
    static let sectionHeader: UInt32 = 0x0a0d_0d0a

    private enum Kind {
        static let interface: UInt32 = 1
        static let oldPacket: UInt32 = 2
        static let simplePacket: UInt32 = 3
        static let names: UInt32 = 4
        static let statistics: UInt32 = 5
        static let enhancedPacket: UInt32 = 6
        static let secrets: UInt32 = 10
    }

    /// An interface of the current section: what every packet block needs, and where the user's description is.
    private struct Interface {
        var linkType: LinkType
        var snaplen: Int
        var resolution: TimeResolution
        /// Index into the source's list.
        var described: UInt32
    }

    private var isSwapped = false
    private var hasSection = false
    private var interfaces: [Interface] = []
    private var lastTime = Timestamp(nanoseconds: 0)
    private var hasTime = false
    /// Frames that came before the first stamp.
    private var untimed = 0
    private var secretsHeld = 0

    /// What the blocks said, for the source to pass on.
    private(set) var secrets: [CapturedSecrets] = []

    /// Names of hosts, not taken yet.
    private var hostNames: [HostName] = []

    mutating func takeHostNames() -> [HostName] {
        defer { hostNames = [] }
        return hostNames
    }

    mutating func takeSecrets() -> [CapturedSecrets] {
        defer {
            secrets = []
            secretsHeld = 0
        }
        return secrets
    }

    /// Appends the frames of all whole blocks of `bytes` from `start` on, and notes what other blocks say in `facts`.
    mutating func parse(
        _ bytes: RawSpan, from start: Int, into frames: inout [FrameRecord], facts: inout SourceFacts
    ) -> ParseStop {
        let end = bytes.byteCount
        var at = start
        // Ends: every pass moves `at` forward by a block of 12 bytes at least.
        while end &- at >= 12 {
            var words = FileWords(bytes, isSwapped: isSwapped)
            var kind = words.uint32(at: at)
            if kind == Self.sectionHeader {  // reads the same in both byte orders
                guard let order = byteOrder(words.uint32(at: at &+ 8)) else {
                    return .damaged(at: at, reason: "a section header without a byte order mark")
                }
                isSwapped = order
                hasSection = true
                words = FileWords(bytes, isSwapped: isSwapped)
                kind = Self.sectionHeader
            }
            guard hasSection else { return .damaged(at: at, reason: "no section header at the start") }
            let length = Int(words.uint32(at: at &+ 4))
            guard length >= 12, length % 4 == 0 else {
                return .damaged(at: at, reason: "a block claims a length of \(length) bytes")
            }
            guard length <= CaptureLimits.blockBytes else {
                return .damaged(at: at, reason: "a block claims \(length) bytes, more than any capture writes")
            }
            guard end &- at >= length else {
                return .needMore(consumed: at, inside: blockName(kind))
            }
            guard Int(words.uint32(at: at &+ length &- 4)) == length else {
                return .damaged(at: at, reason: "the two lengths of a block differ")
            }
            if let reason = block(
                kind, words, body: (at &+ 8)..<(at &+ length &- 4), frames: &frames, facts: &facts)
            {
                return .damaged(at: at, reason: reason)
            }
            at &+= length
        }
        return .needMore(consumed: at, inside: "a block")
    }

    private func byteOrder(_ mark: UInt32) -> Bool? {
        switch mark {
        case 0x1a2b_3c4d: isSwapped
        case 0x4d3c_2b1a: !isSwapped
        default: nil
        }
    }

    private func blockName(_ kind: UInt32) -> String {
        switch kind {
        case Self.sectionHeader: "a section header"
        case Kind.interface: "an interface description"
        case Kind.enhancedPacket, Kind.simplePacket, Kind.oldPacket: "a packet block"
        case Kind.secrets: "a secrets block"
        case Kind.names: "a name resolution block"
        default: "a block"
        }
    }

    /// One block. Returns what is wrong with it, or nil.
    @inline(__always)
    private mutating func block(
        _ kind: UInt32, _ words: borrowing FileWords, body: Range<Int>, frames: inout [FrameRecord],
        facts: inout SourceFacts
    ) -> String? {
        if kind == Kind.enhancedPacket {
            guard body.count >= 20 else { return "a packet block is too short" }
            let at = body.lowerBound
            let ticks = UInt64(words.uint32(at: at &+ 4)) << 32 | UInt64(words.uint32(at: at &+ 8))
            return packet(
                words, interface: Int(words.uint32(at: at)), ticks: ticks, lengthsAt: at &+ 12, body: body,
                frames: &frames, facts: &facts)
        }
        return rareBlock(kind, words, body: body, frames: &frames, facts: &facts)
    }

    @inline(never)
    private mutating func rareBlock(
        _ kind: UInt32, _ words: borrowing FileWords, body: Range<Int>, frames: inout [FrameRecord],
        facts: inout SourceFacts
    ) -> String? {
        switch kind {
        case Self.sectionHeader: return section(words, body: body, facts: &facts)
        case Kind.interface: return interface(words, body: body, facts: &facts)
        case Kind.simplePacket: return simplePacket(words, body: body, frames: &frames, facts: &facts)
        case Kind.oldPacket:
            // Interface (16 bits), drops (16 bits), then as the enhanced block.
            guard body.count >= 20 else { return "a packet block is too short" }
            let at = body.lowerBound
            let ticks = UInt64(words.uint32(at: at + 4)) << 32 | UInt64(words.uint32(at: at + 8))
            return packet(
                words, interface: Int(words.uint16(at: at)), ticks: ticks, lengthsAt: at + 12, body: body,
                frames: &frames, facts: &facts)
        case Kind.statistics: statistics(words, body: body, facts: &facts)
        case Kind.secrets: secrets(words, body: body, beforeFrame: frames.count)
        case Kind.names: names(words, body: body)
        default: break  // by the format: step over what is not known
        }
        return nil
    }

    private mutating func section(
        _ words: borrowing FileWords, body: Range<Int>, facts: inout SourceFacts
    ) -> String? {
        guard body.count >= 16 else { return "a section header is too short" }
        let major = words.uint16(at: body.lowerBound + 4)
        let minor = words.uint16(at: body.lowerBound + 6)
        // 1.2 was written by some programs and reads the same (the draft says to accept it).
        guard major == 1, minor == 0 || minor == 2 else { return "pcapng version \(major).\(minor) is not known" }
        interfaces.removeAll(keepingCapacity: true)
        PcapngOptions.each(words, in: (body.lowerBound + 16)..<body.upperBound) { code, position in
            if code == PcapngOptions.comment { facts.comments &+= 1 }
            if code == PcapngOptions.application, facts.writer == nil {
                facts.writer = words.text(position.count, at: position.lowerBound)
            }
        }
        return nil
    }

    private mutating func interface(
        _ words: borrowing FileWords, body: Range<Int>, facts: inout SourceFacts
    ) -> String? {
        guard body.count >= 8 else { return "an interface description is too short" }
        guard interfaces.count < CaptureLimits.interfacesPerSection else { return "a section has too many interfaces" }
        let snaplen = words.uint32(at: body.lowerBound + 4)
        var described = InterfaceFacts(linkType: LinkType(rawValue: UInt32(words.uint16(at: body.lowerBound))))
        described.snaplen = snaplen == 0 || snaplen > UInt32(Int32.max) ? nil : Int(snaplen)
        var resolution = TimeResolution.microseconds
        var offset: Int64 = 0
        PcapngOptions.each(words, in: (body.lowerBound + 8)..<body.upperBound) { code, position in
            switch code {
            case PcapngOptions.comment: facts.comments &+= 1
            case 2: described.name = words.text(position.count, at: position.lowerBound)
            case 9 where position.count >= 1: resolution = TimeResolution(option: words.uint8(at: position.lowerBound))
            case 13 where position.count >= 1: described.fcsLength = Int(words.uint8(at: position.lowerBound))
            case 14 where position.count == 8: offset = Int64(bitPattern: words.uint64(at: position.lowerBound))
            default: break
            }
        }
        resolution.offset = offset
        interfaces.append(
            Interface(
                linkType: described.linkType, snaplen: described.snaplen ?? CaptureLimits.blockBytes,
                resolution: resolution, described: describe(described, facts: &facts)))
        return nil
    }

    /// Where the description is in the source's list: sections that repeat an interface share one entry.
    private func describe(_ described: InterfaceFacts, facts: inout SourceFacts) -> UInt32 {
        let slot = interfaces.count
        if slot < facts.interfaces.count {
            var known = facts.interfaces[slot]
            known.drops = nil
            if known == described { return UInt32(slot) }
        }
        if facts.interfaces.count < CaptureLimits.describedInterfaces { facts.interfaces.append(described) }
        return UInt32(facts.interfaces.count - 1)
    }

    @inline(__always)
    private mutating func packet(
        _ words: borrowing FileWords, interface index: Int, ticks: UInt64, lengthsAt: Int, body: Range<Int>,
        frames: inout [FrameRecord], facts: inout SourceFacts
    ) -> String? {
        guard index < interfaces.count else { return "a packet names interface \(index), which is not described" }
        let captured = Int(words.uint32(at: lengthsAt))
        let start = lengthsAt &+ 8
        guard captured <= body.upperBound &- start else { return "a packet is longer than its block" }
        let interface = interfaces[index]
        let time = interface.resolution.time(ticks: ticks)
        lastTime = time
        if !hasTime { beginTime(at: time, &frames) }
        frames.append(
            FrameRecord(
                time: time, offset: start, capturedLength: captured,
                wireLength: Int(words.uint32(at: lengthsAt &+ 4)), linkType: interface.linkType,
                interface: interface.described))
        // captured is below the block limit, so rounding up cannot overflow.
        let options = start &+ (captured &+ 3) / 4 &* 4
        if options < body.upperBound {
            countComments(words, in: options..<body.upperBound, facts: &facts)
        }
        return nil
    }

    /// The first stamp of the file also serves the frames without one that came just before it; time would seem to jump
    /// from 1970 otherwise. Those of an earlier batch are gone.
    @inline(never)
    private mutating func beginTime(at time: Timestamp, _ frames: inout [FrameRecord]) {
        hasTime = true
        for index in frames.indices.suffix(untimed) { frames[index].time = time }
    }

    @inline(never)
    private func countComments(_ words: borrowing FileWords, in position: Range<Int>, facts: inout SourceFacts) {
        PcapngOptions.each(words, in: position) { code, _ in
            if code == PcapngOptions.comment { facts.comments &+= 1 }
        }
    }

    /// A packet without a time and without an interface number: it is of the first interface.
    private mutating func simplePacket(
        _ words: borrowing FileWords, body: Range<Int>, frames: inout [FrameRecord], facts: inout SourceFacts
    ) -> String? {
        guard let interface = interfaces.first else { return "a packet comes before any interface" }
        guard body.count >= 4 else { return "a packet block is too short" }
        let wire = Int(words.uint32(at: body.lowerBound))
        let captured = min(wire, interface.snaplen, body.count - 4)
        facts.untimedFrames &+= 1
        if !hasTime { untimed &+= 1 }
        frames.append(
            FrameRecord(
                time: lastTime, offset: body.lowerBound + 4, capturedLength: captured, wireLength: wire,
                linkType: interface.linkType, interface: interface.described))
        return nil
    }

    private func statistics(_ words: borrowing FileWords, body: Range<Int>, facts: inout SourceFacts) {
        let index = Int(words.uint32(at: body.lowerBound))
        guard body.count >= 12, index < interfaces.count else { return }
        var counts = DropCounts()
        PcapngOptions.each(words, in: (body.lowerBound + 12)..<body.upperBound) { code, position in
            switch code {
            case PcapngOptions.comment: facts.comments &+= 1
            case 4 where position.count == 8: counts.received = words.uint64(at: position.lowerBound)
            case 5 where position.count == 8: counts.interface = words.uint64(at: position.lowerBound)
            case 7 where position.count == 8: counts.kernel = words.uint64(at: position.lowerBound)
            default: break
            }
        }
        // Counts are totals since the start of the capture: the last block stands.
        let described = Int(interfaces[index].described)
        if described < facts.interfaces.count { facts.interfaces[described].drops = counts }
    }

    private mutating func secrets(_ words: borrowing FileWords, body: Range<Int>, beforeFrame: Int) {
        guard body.count >= 8 else { return }
        let kind = words.uint32(at: body.lowerBound)
        let length = min(Int(words.uint32(at: body.lowerBound + 4)), body.count - 8)
        guard secretsHeld + length <= CaptureLimits.secretsBytes else { return }
        secretsHeld += length
        secrets.append(
            CapturedSecrets(
                kind: kind == 0x544c_534b ? .tlsKeyLog : .other(kind),
                bytes: words.copy(length, at: body.lowerBound + 8), beforeFrame: beforeFrame))
    }
}

extension PcapngParser {
    /// Name resolution block: records of a kind, a length and a value padded to 4. Kind 1 is an IPv4 address and its
    /// names, 2 an IPv6 one, each name ended by a zero byte; 0 ends the list.
    private mutating func names(_ words: borrowing FileWords, body: Range<Int>) {
        var at = body.lowerBound
        // Ends: every pass moves forward by 4 bytes at least.
        while body.upperBound - at >= 4, hostNames.count < CaptureLimits.hostNames {
            let kind = words.uint16(at: at)
            let length = Int(words.uint16(at: at + 2))
            guard kind != 0, length <= body.upperBound - at - 4 else { return }
            let value = at + 4
            at = value + (length + 3) / 4 * 4
            let size = kind == 1 ? 4 : kind == 2 ? 16 : 0
            guard size > 0, length > size, let address = IPAddress(bytes: words.copy(size, at: value)) else {
                continue
            }
            hostNames.append(HostName(address: address, name: words.text(length - size, at: value + size)))
        }
    }
}

/// Options at the end of a pcapng block: code, length, value padded to 4.
enum PcapngOptions {
    static let comment: UInt16 = 1
    /// shb_userappl
    static let application: UInt16 = 4

    static func each(
        _ words: borrowing FileWords, in position: Range<Int>, _ body: (_ code: UInt16, _ value: Range<Int>) -> Void
    ) {
        var at = position.lowerBound
        // Ends: every pass moves forward by 4 bytes at least.
        while position.upperBound - at >= 4 {
            let code = words.uint16(at: at)
            let length = Int(words.uint16(at: at + 2))
            guard code != 0, length <= position.upperBound - at - 4 else { return }
            body(code, (at + 4)..<(at + 4 + length))
            at += 4 + (length + 3) / 4 * 4
        }
    }
}
