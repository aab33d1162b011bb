/// What the first bytes of an unprotected payload say of the frame they belong to.
package struct RTPPayloadFacts: Equatable, Sendable, BitwiseCopyable {
    /// This payload begins a frame (or a unit of it).
    package var isStart: Bool
    /// It belongs to a key frame: decoding can begin here. nil when this payload alone cannot say.
    package var isKeyFrame: Bool?
    package var temporalLayer: UInt8?
    package var spatialLayer: UInt8?

    package init(
        isStart: Bool, isKeyFrame: Bool?, temporalLayer: UInt8? = nil, spatialLayer: UInt8? = nil
    ) {
        self.isStart = isStart
        self.isKeyFrame = isKeyFrame
        self.temporalLayer = temporalLayer
        self.spatialLayer = spatialLayer
    }

    /// Payloads of this codec say which frames are key frames.
    package static func tellsKeyFrames(_ codec: RTPCodec) -> Bool {
        switch codec {
        case .h264, .h265, .vp8, .vp9, .av1: true
        default: false
        }
    }

    /// nil for codecs without frames of two kinds, and for payloads that are not what the codec says.
    package init?(_ codec: RTPCodec, payload: RawSpan) {
        var reader = ByteReader(payload)
        switch codec {
        case .h264: self.init(h264: &reader)
        case .h265: self.init(h265: &reader)
        case .vp8: self.init(vp8: &reader)
        case .vp9: self.init(vp9: &reader)
        case .av1: self.init(av1: &reader)
        default: return nil
        }
    }

    /// H.264 (RFC 6184 sections 5.3 to 5.8): a NAL unit, STAP-A (24) or FU-A (28). Key frames are IDR slices (5); a
    /// sequence parameter set (7) announces one.
    @_lifetime(reader: copy reader)
    private init?(h264 reader: inout ByteReader) {
        guard let first = reader.peekUInt8(), first & 0x80 == 0 else { return nil }
        switch first & 0x1f {
        case let kind where (1...23).contains(kind):
            self.init(isStart: true, isKeyFrame: Self.h264Kind(kind))
        case 24:
            reader.skip(1)
            var key: Bool?
            while reader.remaining > 2 {  // each turn takes two bytes or more
                let size = Int(reader.uint16())
                guard size > 0, size <= reader.remaining, let unit = reader.peekUInt8() else { return nil }
                if let found = Self.h264Kind(unit & 0x1f) { key = (key ?? false) || found }
                reader.skip(size)
            }
            self.init(isStart: true, isKeyFrame: key)
        case 28:
            guard let header = reader.peekUInt8(ahead: 1), header & 0xc0 != 0xc0 else { return nil }
            self.init(isStart: header & 0x80 != 0, isKeyFrame: Self.h264Kind(header & 0x1f))
        default: return nil
        }
    }

    private static func h264Kind(_ kind: UInt8) -> Bool? {
        switch kind {
        case 5, 7: true
        case 1, 2: false
        default: nil
        }
    }

    /// H.265 (RFC 7798 section 4.4): a NAL unit, an aggregation (48) or a fragment (49). Key frames are IRAP pictures (16
    /// to 23); parameter sets (32, 33) announce one.
    @_lifetime(reader: copy reader)
    private init?(h265 reader: inout ByteReader) {
        guard reader.remaining >= 3, let first = reader.peekUInt8(), first & 0x80 == 0 else { return nil }
        let layer = (reader.peekUInt8(ahead: 1) ?? 0) & 7
        guard layer > 0 else { return nil }  // nuh_temporal_id_plus1
        switch first >> 1 & 0x3f {
        case let kind where kind < 48:
            self.init(isStart: true, isKeyFrame: Self.h265Kind(kind), temporalLayer: layer - 1)
        case 48:
            reader.skip(2)
            var key: Bool?
            while reader.remaining > 3 {  // each turn takes two bytes or more
                let size = Int(reader.uint16())
                guard size > 1, size <= reader.remaining, let unit = reader.peekUInt8() else { return nil }
                if let found = Self.h265Kind(unit >> 1 & 0x3f) { key = (key ?? false) || found }
                reader.skip(size)
            }
            self.init(isStart: true, isKeyFrame: key, temporalLayer: layer - 1)
        case 49:
            let header = reader.peekUInt8(ahead: 2) ?? 0
            guard header & 0xc0 != 0xc0 else { return nil }
            self.init(
                isStart: header & 0x80 != 0, isKeyFrame: Self.h265Kind(header & 0x3f), temporalLayer: layer - 1)
        default: return nil
        }
    }

    private static func h265Kind(_ kind: UInt8) -> Bool? {
        switch kind {
        case 16...23, 32, 33: true
        case 0...9: false
        default: nil
        }
    }

    /// VP8 (RFC 7741 sections 4.2 and 4.3): descriptor `X R N S R PID(3)`, [`I L T K R`, picture id, TL0PICIDX, TID…],
    /// then on the first packet of a partition 0 the frame header, whose lowest bit is 0 for a key frame; the start code
    /// 9d 01 2a follows (RFC 6386 section 9.1).
    @_lifetime(reader: copy reader)
    private init?(vp8 reader: inout ByteReader) {
        guard reader.remaining >= 2 else { return nil }
        let first = reader.uint8()
        var layer: UInt8?
        if first & 0x80 != 0 {
            let flags = reader.uint8()
            if flags & 0x80 != 0 { reader.skip((reader.peekUInt8() ?? 0) & 0x80 != 0 ? 2 : 1) }
            if flags & 0x40 != 0 { reader.skip(1) }
            if flags & 0x30 != 0 {
                let byte = reader.uint8()
                if flags & 0x20 != 0 { layer = byte >> 6 }
            }
        }
        guard !reader.overrun, let header = reader.peekUInt8() else { return nil }
        let begins = first & 0x10 != 0 && first & 0x07 == 0
        var key: Bool? = begins ? header & 1 == 0 : nil
        if key == true, reader.remaining >= 6 {
            let code = (reader.peekUInt32(ahead: 2) ?? 0) & 0xff_ffff
            if code != 0x9d012a { key = nil }
        }
        self.init(isStart: begins, isKeyFrame: key, temporalLayer: layer)
    }

    /// VP9 (RFC 9628 section 4.2): `I P L F B E V Z`, [picture id], [layer indices `TID(3) U SID(3) D`].
    @_lifetime(reader: copy reader)
    private init?(vp9 reader: inout ByteReader) {
        guard reader.remaining >= 2 else { return nil }
        let first = reader.uint8()
        if first & 0x80 != 0 { reader.skip((reader.peekUInt8() ?? 0) & 0x80 != 0 ? 2 : 1) }
        var layers: (temporal: UInt8, spatial: UInt8)?
        if first & 0x20 != 0 {
            let byte = reader.uint8()
            layers = (byte >> 5, byte >> 1 & 7)
        }
        guard !reader.overrun else { return nil }
        let begins = first & 0x08 != 0
        // A key picture is not predicted from others, and its lowest spatial layer not from another layer.
        let key = begins ? first & 0x40 == 0 && (layers?.spatial ?? 0) == 0 : nil
        self.init(isStart: begins, isKeyFrame: key, temporalLayer: layers?.temporal, spatialLayer: layers?.spatial)
    }

    /// AV1 (AOMedia RTP payload format section 4.4): aggregation header `Z Y W(2) N R(3)`; N: first packet of a coded
    /// video sequence.
    @_lifetime(reader: copy reader)
    private init?(av1 reader: inout ByteReader) {
        guard let first = reader.peekUInt8(), first & 0x07 == 0 else { return nil }
        let continues = first & 0x80 != 0
        // A sequence cannot begin inside a unit.
        guard !(continues && first & 0x08 != 0) else { return nil }
        self.init(isStart: !continues, isKeyFrame: first & 0x08 != 0)
    }
}
