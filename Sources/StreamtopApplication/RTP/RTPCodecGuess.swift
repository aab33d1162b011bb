import StreamtopBase
import StreamtopWire

/// Which video codec a clear payload is, where no signalling says it: by rules that one codec's packets keep among each
/// other and others break at once.
struct RTPCodecGuess: Sendable {
    /// Own: packets that must agree; the rules below are broken by other payloads within a few.
    private static let enough = 24
    private static let mostPackets = 400

    private(set) var codec: RTPCodec?
    private(set) var isOver = false
    private var packets = 0
    /// The type of the packets that are judged, and packets of other types between them.
    private var payloadType: UInt8?
    private var others = 0
    private var h264Misses = 0
    private var h264Fragments = 0
    private var h264Parameters = 0
    /// NAL type of the fragmented unit that is under way.
    private var h264Open: UInt8?
    private var vp8Misses = 0
    private var vp8Starts = 0
    /// Key frames met while the codec was not sure, by what it may be.
    private var h264KeyFrames = RTPKeyFrames()
    private var vp8KeyFrames = RTPKeyFrames()
    private var lastSequence: UInt16 = 0
    private var wasMarked = true

    /// Key frames seen before the codec was sure.
    var keyFrames: RTPKeyFrames { codec == .h264 ? h264KeyFrames : codec == .vp8 ? vp8KeyFrames : RTPKeyFrames() }

    /// A packet of a video stream, as it arrives.
    mutating func observe(_ header: RTPHeader, payload: RawSpan, at time: Timestamp) {
        guard !isOver, payload.byteCount > 2, isOfType(header.payloadType) else { return }
        let follows = packets > 0 && header.sequence == lastSequence &+ 1
        packets &+= 1
        if codec == nil { judge(header, payload, follows: follows) }
        if codec != .vp8, RTPPayloadFacts(.h264, payload: payload)?.isKeyFrame == true {
            _ = h264KeyFrames.observe(header.timestamp, at: time)
        }
        if codec != .h264, RTPPayloadFacts(.vp8, payload: payload)?.isKeyFrame == true {
            _ = vp8KeyFrames.observe(header.timestamp, at: time)
        }
        lastSequence = header.sequence
        wasMarked = header.isMarked
    }

    /// FEC may share the stream under a type of its own (RFC 5109 section 14.1); a stream that changed its type is judged anew.
    private mutating func isOfType(_ type: UInt8) -> Bool {
        if payloadType == nil || payloadType == type {
            payloadType = type
            others = 0
            return true
        }
        others += 1
        guard others > Self.enough else { return false }
        self = RTPCodecGuess()
        payloadType = type
        return true
    }

    private mutating func judge(_ header: RTPHeader, _ payload: RawSpan, follows: Bool) {
        observeH264(payload, isMarked: header.isMarked, follows: follows)
        observeVP8(payload, isFrameStart: wasMarked, follows: follows)
        guard packets >= Self.enough else { return }
        if h264Misses * 50 <= packets, h264Fragments > 3, h264Parameters > 0 {
            codec = .h264
        } else if vp8Misses * 50 <= packets, vp8KeyFrames.count > 0, vp8Starts > 3 {
            codec = .vp8
        } else if packets >= Self.mostPackets {
            isOver = true
        }
    }

    /// Fragments of a unit follow each other, from start bit to end bit; a picture ends with a unit.
    private mutating func observeH264(_ payload: RawSpan, isMarked: Bool, follows: Bool) {
        var reader = ByteReader(payload)
        let first = reader.uint8()
        let kind = first & 0x1f
        guard first & 0x80 == 0 else {
            h264Misses &+= 1
            return
        }
        switch kind {
        case 1, 5, 6, 7, 8, 9, 12, 24:
            if follows, h264Open != nil { h264Misses &+= 1 }
            h264Open = nil
            if kind == 7 || kind == 5 || kind == 24 { h264Parameters &+= 1 }
        case 28:
            let header = reader.uint8()
            let unit = header & 0x1f
            let (starts, ends) = (header & 0x80 != 0, header & 0x40 != 0)
            let isExpected = starts ? h264Open == nil : h264Open == unit
            if follows, !isExpected || (starts && ends) || ![1, 5, 6, 7, 8].contains(unit) || (isMarked && !ends) {
                h264Misses &+= 1
            }
            h264Fragments &+= 1
            if unit == 5 { h264Parameters &+= 1 }
            h264Open = ends ? nil : unit
        default: h264Misses &+= 1
        }
    }

    /// The descriptor's start bit stands at the first packet of a picture, and key frames carry their start code.
    private mutating func observeVP8(_ payload: RawSpan, isFrameStart: Bool, follows: Bool) {
        guard let facts = RTPPayloadFacts(.vp8, payload: payload), (ByteReader(payload).peekUInt8() ?? 0) & 0x48 == 0
        else {
            vp8Misses &+= 1
            return
        }
        if follows, facts.isStart != isFrameStart, isFrameStart { vp8Misses &+= 1 }
        if facts.isStart {
            vp8Starts &+= 1
            if facts.isKeyFrame == nil { vp8Misses &+= 1 }
        }
    }
}
