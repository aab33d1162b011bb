import StreamtopBase

/// The content of a `moof` (ISO/IEC 14496-12 section 8.8.4).
package struct MovieFragment: Equatable, Sendable {
    /// Tracks kept of one fragment; CMAF has one, muxed media two or three.
    package static var trackCapacity: Int { 8 }

    package var sequence: UInt32?
    package var tracks: [TrackFragment] = []

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader, initialization: InitializationSegment?) throws(DecodeError) {
        while var box = try reader.nextBox() {
            switch box.type {
            case .mfhd:
                try box.body.require(8, in: .isoBox)
                box.body.skip(4)
                sequence = box.body.uint32()
            case .traf where tracks.count < Self.trackCapacity:
                tracks.append(try TrackFragment(decoding: &box.body, initialization: initialization))
            default: break
            }
        }
    }
}

extension TrackFragment {
    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader, initialization: InitializationSegment?) throws(DecodeError) {
        self.init(trackID: 0)
        var defaults = SampleDefaults()
        var isFirstRun = true
        while var box = try reader.nextBox() {
            switch box.type {
            case .tfhd: defaults = try readHeader(&box.body, initialization)
            case .tfdt:
                try box.body.require(8, in: .isoBox)
                let version = box.body.uint32() >> 24
                try box.body.require(version == 0 ? 4 : 8, in: .isoBox)
                baseDecodeTime = version == 0 ? Int64(box.body.uint32()) : Int64(bitPattern: box.body.uint64())
            case .trun:
                try readRun(&box.body, defaults, isFirst: isFirstRun)
                isFirstRun = false
            default: break
            }
        }
    }

    /// `tfhd` (section 8.8.7): the defaults, its own over those of `trex`.
    @_lifetime(body: copy body)
    private mutating func readHeader(
        _ body: inout ByteReader, _ initialization: InitializationSegment?
    ) throws(DecodeError) -> SampleDefaults {
        try body.require(8, in: .isoBox)
        let flags = body.uint32() & 0xff_ffff
        trackID = body.uint32()
        var defaults = initialization?[trackID]?.defaults ?? SampleDefaults()
        let fields = flags & 0x3b
        try body.require((fields & 1 != 0 ? 8 : 0) + 4 * (fields >> 1).nonzeroBitCount, in: .isoBox)
        if flags & 0x01 != 0 { body.skip(8) }
        if flags & 0x02 != 0 { body.skip(4) }
        if flags & 0x08 != 0 { defaults.duration = body.uint32() }
        if flags & 0x10 != 0 { defaults.size = body.uint32() }
        if flags & 0x20 != 0 { defaults.flags = body.uint32() }
        return defaults
    }

    /// `trun` (section 8.8.8).
    @_lifetime(body: copy body)
    private mutating func readRun(
        _ body: inout ByteReader, _ defaults: SampleDefaults, isFirst: Bool
    ) throws(DecodeError) {
        try body.require(8, in: .isoBox)
        let head = body.uint32()
        let isSigned = head >> 24 != 0
        let count = body.uint32()
        let flags = head & 0xff_ffff
        var firstFlags: UInt32?
        try body.require((flags & 1 != 0 ? 4 : 0) + (flags & 4 != 0 ? 4 : 0), in: .isoBox)
        if flags & 1 != 0 { body.skip(4) }
        if flags & 4 != 0 { firstFlags = body.uint32() }
        let fields = flags >> 8 & 0xf
        let each = 4 * fields.nonzeroBitCount
        guard Int(count) <= (each == 0 ? Int.max : body.remaining / each) else {
            throw body.malformed(.isoBox, .lengthBeyondEnclosure)
        }
        if fields & 1 == 0 { addDuration(defaults.duration, times: count) }
        if fields & 2 == 0 { addBytes(defaults.size, times: count) }
        if fields & 4 == 0, let sync = (firstFlags ?? defaults.flags).map(Self.isSync), count > 0 {
            if isFirst { firstIsSync = sync }
            syncSamples &+= sync ? 1 : 0
            if let rest = defaults.flags, Self.isSync(rest) { syncSamples &+= UInt64(count - 1) }
        }
        sampleCount &+= UInt64(count)
        guard each > 0 else { return }
        for sample in 0..<count {  // no more than the bytes hold
            if fields & 1 != 0 { addDuration(body.uint32(), times: 1) }
            if fields & 2 != 0 { addBytes(body.uint32(), times: 1) }
            if fields & 4 != 0 {
                let own = body.uint32()
                let sync = Self.isSync(sample == 0 ? firstFlags ?? own : own)
                if sample == 0, isFirst { firstIsSync = sync }
                syncSamples &+= sync ? 1 : 0
            }
            guard fields & 8 != 0 else { continue }
            let offset = body.uint32()
            if sample == 0, isFirst {
                firstCompositionOffset = isSigned ? Int64(Int32(bitPattern: offset)) : Int64(offset)
            }
        }
    }

    /// sample_is_non_sync_sample is not set (section 8.8.3.1).
    private static func isSync(_ flags: UInt32) -> Bool { flags & 0x1_0000 == 0 }

    // Sums of 2^32 numbers below 2^32 fit 64 bits.
    private mutating func addDuration(_ each: UInt32?, times: UInt32) {
        guard times > 0 else { return }
        duration = duration.flatMap { sum in each.map { sum &+ UInt64($0) &* UInt64(times) } }
    }

    private mutating func addBytes(_ each: UInt32?, times: UInt32) {
        guard times > 0 else { return }
        sampleBytes = sampleBytes.flatMap { sum in each.map { sum &+ UInt64($0) &* UInt64(times) } }
    }
}

/// A whole box: which, and what is in it.
struct ISOBox: ~Escapable {
    var type: ISOBoxType?
    var body: ByteReader

    @_lifetime(copy body)
    init(type: ISOBoxType?, body: consuming ByteReader) {
        self.type = type
        self.body = body
    }
}

extension ByteReader {
    /// The next box within another one; nil at the end. A box to the end of the stream ends with what encloses it.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func nextBox() throws(DecodeError) -> ISOBox? {
        guard remaining >= 8 else { return nil }  // fewer bytes are padding
        let header = try ISOBoxHeader(decoding: &self)
        guard let length = header.bodyLength else { return ISOBox(type: header.type, body: reader(of: remaining)) }
        guard length <= UInt64(remaining) else { throw malformed(.isoBox, .lengthBeyondEnclosure) }
        return ISOBox(type: header.type, body: reader(of: Int(length)))  // no more than is there
    }
}
