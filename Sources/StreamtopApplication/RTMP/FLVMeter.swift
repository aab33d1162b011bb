import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Audio and video of one FLV timeline: RTMP, HTTP-FLV, and FLV in WebSocket.
struct FLVMeter: Sendable {
    /// Distances between key frames that are kept.
    private static let intervalCapacity = 64

    private struct Track: Sendable {
        var codec: String?
        var messages: UInt64 = 0
        var bytes: UInt64 = 0
        var first: Int64?
        var last: Int64 = 0
        var clock = MediaBacklogMeter()
        /// Timestamps of 32 bits in milliseconds wrap after 49 days.
        var times = WrappingClock(bits: 32)

        var snapshot: FLVTrackSnapshot? {
            guard messages > 0 else { return nil }
            var snapshot = FLVTrackSnapshot()
            snapshot.codec = codec
            snapshot.messages = messages
            snapshot.bytes = bytes
            // Bits a second of media.
            if let first, last - first >= 1_000 { snapshot.bitrate = Double(bytes) * 8_000 / Double(last - first) }
            return snapshot
        }
    }

    private var audio = Track()
    private var video = Track()
    private var lastKeyFrame: Int64?
    private var intervals: [Int64] = []

    /// A whole message or tag: type 8 audio, 9 video.
    mutating func observe(type: UInt8, timestamp: UInt32, length: Int, head: [UInt8], at time: Timestamp) {
        if type == RTMPMessage.Kind.video {
            let facts = FLVMediaHead(video: head)
            let stamp = Self.take(&video, facts, timestamp, length, at: time)
            guard let facts, facts.isKeyFrame else { return }
            if let lastKeyFrame, stamp > lastKeyFrame {
                if intervals.count >= Self.intervalCapacity { intervals.removeFirst() }
                intervals.append(stamp - lastKeyFrame)
            }
            lastKeyFrame = stamp
        } else if type == RTMPMessage.Kind.audio {
            _ = Self.take(&audio, FLVMediaHead(audio: head), timestamp, length, at: time)
        }
    }

    private static func take(
        _ track: inout Track, _ facts: FLVMediaHead?, _ timestamp: UInt32, _ length: Int, at time: Timestamp
    ) -> Int64 {
        let stamp = track.times.extend(UInt64(timestamp))
        track.messages &+= 1
        track.bytes &+= UInt64(length)
        if let facts { track.codec = facts.codec }
        // What configures the decoder has no time of its own; servers stamp it as they like.
        guard facts.map({ !$0.isHeader }) ?? (length > 0) else { return stamp }
        track.first = track.first ?? stamp
        track.last = max(track.last, stamp)
        if let media = Self.time(stamp) { track.clock.observe(media, at: time) }
        return stamp
    }

    /// FLV over HTTP: what it says of media, in the section that RTMP has.
    func reportHTTP(into flow: inout FlowSnapshot) {
        guard audio.messages > 0 || video.messages > 0 else { return }
        flow.protocols.append(ProtocolKind.httpFLV.rawValue)
        var snapshot = RTMPSnapshot()
        snapshot.role = .play
        snapshot.audio = audioSnapshot
        snapshot.video = videoSnapshot
        snapshot.keyFrameInterval = keyFrameInterval
        snapshot.mediaClock = mediaClock
        flow.rtmp = snapshot
    }

    var audioSnapshot: FLVTrackSnapshot? { audio.snapshot }
    var videoSnapshot: FLVTrackSnapshot? { video.snapshot }
    /// Of video, of audio where there is none.
    var mediaClock: MediaClockSnapshot? { video.messages > 0 ? video.clock.snapshot : audio.clock.snapshot }

    /// The median distance of key frames, in media time.
    var keyFrameInterval: Nanoseconds? {
        guard !intervals.isEmpty else { return nil }
        return Self.time(intervals.sorted()[intervals.count / 2])
    }

    /// Milliseconds as a length of time. Hostile timestamps that leap forward each time pass any range: it saturates.
    private static func time(_ milliseconds: Int64) -> Nanoseconds? {
        MediaTime(value: milliseconds, timescale: 1_000).nanoseconds
    }
}
