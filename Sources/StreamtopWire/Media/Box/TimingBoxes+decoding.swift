import StreamtopBase

extension ProducerReferenceTime {
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(20, in: .isoBox)
        let head = reader.uint32()
        let track = reader.uint32()
        let stamp = reader.uint64()
        let isLong = head >> 24 != 0
        if isLong { try reader.require(8, in: .isoBox) }
        let media = isLong ? Int64(bitPattern: reader.uint64()) : Int64(reader.uint32())
        self.init(trackID: track, wallClock: Timestamp(ntp: stamp), mediaTime: media, flags: head & 0xff_ffff)
    }
}

extension Timestamp {
    /// An NTP stamp of 64 bits (RFC 5905 section 6). Seconds below 2^31 count from 2036 on.
    package init(ntp: UInt64) {
        let seconds = Int64(ntp >> 32)
        let fraction = Int64(((ntp & 0xffff_ffff) * 1_000_000_000) >> 32)  // below 2^62
        let era: Int64 = seconds < 1 << 31 ? 1 << 32 : 0
        self.init(seconds: seconds + era - 2_208_988_800, nanoseconds: fraction)
    }
}

extension EventMessage {
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(4, in: .isoBox)
        let version = reader.uint32() >> 24
        guard version <= 1 else { throw reader.unsupported(.isoBox, version) }
        if version == 0 {
            let scheme = reader.terminatedText()
            let value = reader.terminatedText()
            try reader.require(16, in: .isoBox)
            self.init(
                scheme: scheme, value: value, timescale: reader.uint32(), time: UInt64(reader.uint32()),
                isRelative: true, duration: reader.uint32(), id: reader.uint32())
        } else {
            try reader.require(20, in: .isoBox)
            let timescale = reader.uint32()
            let time = reader.uint64()
            let duration = reader.uint32()
            let id = reader.uint32()
            self.init(
                scheme: reader.terminatedText(), value: reader.terminatedText(), timescale: timescale, time: time,
                isRelative: false, duration: duration, id: id)
        }
    }
}

extension SegmentIndex {
    /// References kept of one index: more than an hour of segments of a second.
    package static var referenceCapacity: Int { 4_096 }

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(12, in: .isoBox)
        let version = reader.uint32() >> 24
        let track = reader.uint32()
        let scale = reader.uint32()
        try reader.require((version == 0 ? 8 : 16) + 4, in: .isoBox)
        let earliest = version == 0 ? UInt64(reader.uint32()) : reader.uint64()
        let first = version == 0 ? UInt64(reader.uint32()) : reader.uint64()
        reader.skip(2)
        let count = min(Int(reader.uint16()), reader.remaining / 12, Self.referenceCapacity)
        var references: [Reference] = []
        for _ in 0..<count {
            let size = reader.uint32()
            let duration = reader.uint32()
            let access = reader.uint32()
            references.append(
                Reference(
                    isIndex: size >> 31 == 1, byteCount: size & 0x7fff_ffff, duration: duration,
                    startsWithAccessPoint: access >> 31 == 1))
        }
        self.init(
            trackID: track, timescale: scale, earliestPresentationTime: earliest, firstOffset: first,
            references: references)
    }
}

extension ByteReader {
    /// Text up to a zero byte or the end, at most 256 bytes of it kept.
    @_lifetime(self: copy self)
    fileprivate mutating func terminatedText() -> String {
        let length = distance(to: 0) ?? remaining
        let kept = copy(min(length, 256))
        skip(min(length - kept.count + 1, remaining))
        return String(decoding: kept, as: UTF8.self)
    }
}
