import StreamtopBase

/// Follows one MPEG transport stream: an HLS segment, datagrams of seven packets, or what SRT, RIST and RTP carry.
package struct TransportStreamReader: Sendable {
    package enum Fact: Equatable, Sendable {
        case programMap(ProgramMap)
        /// A PES packet begins: an access unit of video as a rule. Times in 90 kHz, counted on beyond 33 bits.
        case unit(pid: UInt16, presentation: Int64?, decode: Int64?, isRandomAccess: Bool, time: Timestamp)
        /// A program clock reference, in 27 MHz, counted on beyond its wrap; a flagged discontinuity begins anew.
        case clock(pid: UInt16, value: Int64, isDiscontinuity: Bool, time: Timestamp)
        /// The counter of a PID jumped: `missing` packets modulo 16 are not here. `isAfterLoss`: the carrier has said that
        /// packets went missing since the PID's last.
        case continuityError(pid: UInt16, missing: Int, isAfterLoss: Bool, time: Timestamp)
    }

    /// Counts of one PID.
    package struct Stream: Equatable, Sendable {
        package var packets: UInt64 = 0
        package var continuityErrors: UInt64 = 0
        /// Packets that repeat the one before, as the standard allows once.
        package var duplicates: UInt64 = 0
        /// Packets with discontinuity_indicator.
        package var flagged: UInt64 = 0
        package var transportErrors: UInt64 = 0
        package var isScrambled = false
        /// From the program map.
        package var type: UInt8?
        package var registration: UInt32?
        var continuity: UInt8?
        var hasRepeated = false
        var isAfterLoss = false
        var presentation = WrappingClock(bits: 33)
    }

    /// PIDs followed of one stream; a multiplex of twenty programs has a hundred.
    package static var pidCapacity: Int { 256 }

    package private(set) var streams: [UInt16: Stream] = [:]
    /// Packets, null packets among them, and bytes of them.
    package private(set) var packets: UInt64 = 0
    package private(set) var transportErrors: UInt64 = 0
    /// Packets of PIDs beyond the cap.
    package private(set) var unfollowed: UInt64 = 0
    /// Times that sync was lost, and bytes passed over to find it again.
    package private(set) var syncLosses: UInt64 = 0
    package private(set) var skippedBytes: UInt64 = 0
    package private(set) var programs: [ProgramMap] = []
    package private(set) var clockPID: UInt16?

    private var mapPIDs: [UInt16] = []
    private var clocks: [UInt16: WrappingClock] = [:]
    /// The beginning of a packet that is not whole.
    private var held: [UInt8] = []
    private var isInSync = true

    package init() {}

    package var continuityErrors: UInt64 { streams.values.reduce(0) { $0 &+ $1.continuityErrors } }
    package var duplicates: UInt64 { streams.values.reduce(0) { $0 &+ $1.duplicates } }
    package var flagged: UInt64 { streams.values.reduce(0) { $0 &+ $1.flagged } }

    /// Takes the next bytes of a stream in order, in pieces of any size.
    package mutating func feed(_ bytes: RawSpan, at time: Timestamp, into facts: inout [Fact]) {
        var reader = ByteReader(bytes)
        if !held.isEmpty {
            reader.append(TransportStreamPacket.length - held.count, to: &held)
            guard held.count == TransportStreamPacket.length else { return }
            var packet: [UInt8] = []
            swap(&packet, &held)
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            take(ByteReader(unsafe packet.span.bytes), isWhole: true, at: time, into: &facts)
            packet.removeAll(keepingCapacity: true)
            swap(&packet, &held)
        }
        while !reader.isAtEnd {  // each pass takes a packet, or bytes up to the next sync byte, or holds the rest
            guard align(&reader) else { return }
            if reader.remaining < TransportStreamPacket.length {
                return reader.append(reader.remaining, to: &held)
            }
            take(reader.reader(of: TransportStreamPacket.length), isWhole: true, at: time, into: &facts)
        }
    }

    /// Takes a datagram of whole packets.
    ///
    /// - Parameter wireLength: its length where the capture cut it: of packets cut off nothing is known, and counters that
    ///   would jump over them are set anew.
    package mutating func observeDatagram(
        _ bytes: RawSpan, wireLength: Int, at time: Timestamp, into facts: inout [Fact]
    ) {
        var reader = ByteReader(bytes)
        while reader.remaining >= 4, reader.peekUInt8() == TransportStreamPacket.syncByte {
            let isWhole = reader.remaining >= TransportStreamPacket.length
            take(reader.reader(of: TransportStreamPacket.length), isWhole: isWhole, at: time, into: &facts)
        }
        let seen = (bytes.byteCount + TransportStreamPacket.length - 1) / TransportStreamPacket.length
        let sent = wireLength / TransportStreamPacket.length
        guard sent > seen else { return }
        packets &+= UInt64(sent - seen)
        forgetContinuity()
    }

    /// Bytes of the stream will never come: counters do not tell how many packets.
    package mutating func gap() {
        held.removeAll(keepingCapacity: true)
        isInSync = false
        forgetContinuity()
    }

    /// The next packets may come from anywhere: no jump is counted across.
    package mutating func forgetContinuity() {
        for pid in streams.keys { streams[pid]?.continuity = nil }
    }

    /// The carrier's numbers have a hole here: jumps are its doing.
    package mutating func noteLoss() {
        for pid in streams.keys { streams[pid]?.isAfterLoss = true }
    }

    // MARK: Packets

    /// Moves to the next packet: a sync byte with another one a packet further on, as far as bytes are there. False where all
    /// bytes were passed over.
    @_lifetime(reader: copy reader)
    private mutating func align(_ reader: inout ByteReader) -> Bool {
        if isInSync, reader.peekUInt8() == TransportStreamPacket.syncByte {
            // Where the next packet does not begin behind this one but another does within it, this is none.
            let next = reader.peekUInt8(ahead: TransportStreamPacket.length)
            guard let next, next != TransportStreamPacket.syncByte, beginsWithin(reader) else { return true }
        }
        if isInSync {
            syncLosses &+= 1
            isInSync = false
            reader.skip(1)
            skippedBytes &+= 1
        }
        while let distance = reader.distance(to: TransportStreamPacket.syncByte) {  // each pass moves
            reader.skip(distance)
            skippedBytes &+= UInt64(distance)
            let next = reader.peekUInt8(ahead: TransportStreamPacket.length)
            if next == nil || next == TransportStreamPacket.syncByte {
                isInSync = true
                return true
            }
            reader.skip(1)
            skippedBytes &+= 1
        }
        skippedBytes &+= UInt64(reader.remaining)
        reader.skip(reader.remaining)
        return false
    }

    /// A packet begins within the next one's length, with another behind it.
    private func beginsWithin(_ reader: borrowing ByteReader) -> Bool {
        for position in 1..<TransportStreamPacket.length
        where reader.peekUInt8(ahead: position) == TransportStreamPacket.syncByte
            && reader.peekUInt8(ahead: position + TransportStreamPacket.length) == TransportStreamPacket.syncByte
        { return true }
        return false
    }

    private mutating func take(
        _ packet: consuming ByteReader, isWhole: Bool, at time: Timestamp, into facts: inout [Fact]
    ) {
        packets &+= 1
        guard let head = try? TransportStreamPacket(decoding: &packet) else { return }
        if head.hasTransportError {
            transportErrors &+= 1
            streams[head.pid]?.transportErrors &+= 1
            return
        }
        guard streams[head.pid] != nil || streams.count < Self.pidCapacity else {
            unfollowed &+= 1
            return
        }
        let isRepeated = count(head, at: time, into: &facts)
        if let clock = head.clock { note(clock, head, at: time, into: &facts) }
        guard head.hasPayload, head.beginsUnit, !head.isScrambled, !isRepeated else { return }
        if head.pid == 0 {
            guard let table = ProgramAssociation(section: &packet) else { return }
            mapPIDs = table.programs.filter { $0.number != 0 }.map(\.pid)
        } else if mapPIDs.contains(head.pid) {
            guard let map = ProgramMap(section: &packet) else { return }
            take(map, into: &facts)
        } else if let unit = PESHeader(decoding: &packet) {
            let presentation = unit.presentation.map { streams[head.pid, default: Stream()].presentation.extend($0) }
            // Decode times lie close to presentation times: they share the wrap.
            let decode = unit.decode.flatMap { bits in
                presentation.map { $0 - Int64((UInt64(bitPattern: $0) &- bits) & 0x1_ffff_ffff) }
            }
            facts.append(
                .unit(
                    pid: head.pid, presentation: presentation, decode: decode, isRandomAccess: head.isRandomAccess,
                    time: time))
        }
    }

    /// Counts a packet; true for one that repeats the packet before (section 2.4.3.3).
    private mutating func count(
        _ head: TransportStreamPacket, at time: Timestamp, into facts: inout [Fact]
    ) -> Bool {
        var stream = streams[head.pid] ?? Stream()
        defer { streams[head.pid] = stream }
        stream.packets &+= 1
        if head.isScrambled { stream.isScrambled = true }
        if head.isDiscontinuity { stream.flagged &+= 1 }
        guard head.pid != TransportStreamPacket.nullPID else { return false }
        let isAfterLoss = stream.isAfterLoss
        stream.isAfterLoss = false
        defer { stream.continuity = head.continuity }
        guard let last = stream.continuity, !head.isDiscontinuity else {
            stream.hasRepeated = false
            return false
        }
        let expected = head.hasPayload ? (last + 1) & 0xf : last
        guard head.continuity != expected else {
            stream.hasRepeated = false
            return false
        }
        if head.continuity == last, head.hasPayload, !stream.hasRepeated {
            stream.hasRepeated = true
            stream.duplicates &+= 1
            return true
        }
        stream.hasRepeated = false
        stream.continuityErrors &+= 1
        facts.append(
            .continuityError(
                pid: head.pid, missing: Int((head.continuity &- expected) & 0xf), isAfterLoss: isAfterLoss,
                time: time))
        return false
    }

    private mutating func note(
        _ clock: UInt64, _ head: TransportStreamPacket, at time: Timestamp, into facts: inout [Fact]
    ) {
        clockPID = clockPID ?? head.pid
        guard clocks[head.pid] != nil || clocks.count < ProgramMap.streamCapacity else { return }
        var state = clocks[head.pid] ?? WrappingClock(modulus: 300 << 33)
        if head.isDiscontinuity { state = WrappingClock(modulus: 300 << 33) }
        let value = state.extend(clock)
        clocks[head.pid] = state
        facts.append(.clock(pid: head.pid, value: value, isDiscontinuity: head.isDiscontinuity, time: time))
    }

    private mutating func take(_ map: ProgramMap, into facts: inout [Fact]) {
        if let known = programs.firstIndex(where: { $0.program == map.program }) {
            guard programs[known] != map else { return }
            programs[known] = map
        } else {
            guard programs.count < ProgramAssociation.programCapacity else { return }
            programs.append(map)
        }
        if map.clockPID != TransportStreamPacket.nullPID { clockPID = map.clockPID }
        for stream in map.streams where streams[stream.pid] != nil || streams.count < Self.pidCapacity {
            streams[stream.pid, default: Stream()].type = stream.type
            streams[stream.pid, default: Stream()].registration = stream.registration
        }
        facts.append(.programMap(map))
    }

    /// What travels on a PID, as users name it: a codec, a table, or what it is not known to be.
    package func kind(of pid: UInt16) -> String {
        switch pid {
        case 0: return "pat"
        case 1: return "cat"
        case 0x10...0x1e: return "si"
        case TransportStreamPacket.nullPID: return "null"
        default: break
        }
        if mapPIDs.contains(pid) { return "pmt" }
        guard let stream = streams[pid], let type = stream.type else { return "unknown" }
        // Private data says what it is in a registration: "Opus", "AC-3", "EAC3", "HEVC".
        switch stream.registration {
        case 0x4f70_7573?: return "opus"
        case 0x4143_2d33?: return "ac3"
        case 0x4541_4333?: return "eac3"
        case 0x4845_5643?: return "hevc"
        default: return ElementaryStreamType.name(type) ?? "private"
        }
    }

    package func isVideo(_ pid: UInt16) -> Bool { streams[pid]?.type.map(ElementaryStreamType.isVideo) ?? false }
    package func isAudio(_ pid: UInt16) -> Bool { streams[pid]?.type.map(ElementaryStreamType.isAudio) ?? false }
}

/// Counts a clock of few bits on beyond its wrap: the next value is the one nearest to the last.
package struct WrappingClock: Equatable, Sendable {
    private let modulus: Int64
    private var last: Int64?

    /// `modulus` is a constant of a format, below 2^60.
    package init(modulus: Int64) { self.modulus = modulus }
    package init(bits: Int) { self.init(modulus: 1 << Int64(bits)) }

    package mutating func extend(_ value: UInt64) -> Int64 {
        let now = Int64(value % UInt64(modulus))
        guard let last else {
            self.last = now
            return now
        }
        var step = (now &- last) % modulus
        if step < 0 { step += modulus }
        if step > modulus / 2 { step -= modulus }
        let extended = saturatingAdd(last, step)
        self.last = extended
        return extended
    }
}
