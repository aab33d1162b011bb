import StreamtopBase
import StreamtopModel

/// What a player holds, from what it was sent (handbook 5.7): media that came less media that played.
///
/// Playback begins, and goes on after a stall, once `threshold` seconds are there. That threshold is not on the wire; a caller that
/// wants to know what it matters runs several of these.
struct PlayerModel: Sendable {
    private enum State: Sendable {
        case waiting
        case playing
        case stalled(since: Timestamp)
    }

    /// Seconds of media that must be there before playback.
    var threshold: Double
    private var state = State.waiting
    /// Media time under the playhead, in seconds.
    private(set) var playhead: Double?
    /// End of what came, by kind of media.
    private var videoEnd: Double?
    private var audioEnd: Double?
    /// When each kind began to come: playback does not begin without a kind that is on its way.
    private var videoExpected: Timestamp?
    private var audioExpected: Timestamp?
    /// When `playhead` was last moved.
    private(set) var time = Timestamp(nanoseconds: .min)
    private(set) var minimum: Double?
    private(set) var maximum = 0.0
    /// The player said once how much it holds.
    private var isReported = false
    private(set) var stallTime: Nanoseconds = 0
    private(set) var stallCount = 0
    /// Playback began or ended at these moments; taken by the owner.
    private(set) var stalls: [MediaBuffer.Stall] = []

    static let stallCapacity = 64

    init(threshold: Double) { self.threshold = threshold }

    var isPlaying: Bool { if case .playing = state { true } else { false } }
    var isStalled: Bool { if case .stalled = state { true } else { false } }

    /// The end of what can be played: video without audio is not played, nor the other way round.
    private var end: Double? {
        guard let videoEnd, let audioEnd else { return videoEnd ?? audioEnd }
        return min(videoEnd, audioEnd)
    }

    /// The first media of this kind are on their way.
    mutating func expect(_ type: MediaType, at time: Timestamp) {
        switch type {
        case .video, .muxed: videoExpected = videoExpected ?? time
        case .audio: audioExpected = audioExpected ?? time
        case .text, .unknown: break
        }
    }

    /// A kind that began to come a moment ago has nothing whole yet. What does not come within a second is not waited for.
    private func isIncomplete(at time: Timestamp) -> Bool {
        if videoEnd == nil, let began = videoExpected, time - began < .seconds(1) { return true }
        if audioEnd == nil, let began = audioExpected, time - began < .seconds(1) { return true }
        return false
    }

    func end(of type: MediaType) -> Double? {
        switch type {
        case .video, .muxed: videoEnd
        case .audio: audioEnd
        case .text, .unknown: end
        }
    }

    /// Seconds held at the moment to which the model was brought.
    var level: Double? {
        guard let end, let playhead else { return nil }
        return max(0, end - playhead)
    }

    /// Seconds held at `time`, which is not before the last moment; nothing is changed.
    func level(at time: Timestamp) -> Double? {
        guard let level else { return nil }
        guard case .playing = state, time > self.time else { return level }
        return max(0, level - (time - self.time).seconds)
    }

    /// Media from `start` to `end` are there, and whole.
    mutating func add(_ type: MediaType, from start: Double, to end: Double, at time: Timestamp) {
        advance(to: time)
        // Until now one kind counted alone.
        if (type == .audio ? audioEnd : videoEnd) == nil { minimum = nil }
        switch type {
        case .audio: audioEnd = extended(audioEnd, start, end)
        case .video, .muxed: videoEnd = extended(videoEnd, start, end)
        case .text, .unknown: return
        }
        if playhead == nil {
            playhead = start
            self.time = time
        } else if case .waiting = state, type != .audio || videoEnd == nil, let old = playhead, abs(start - old) > 30 {
            playhead = start  // another period of the presentation, or another clock
        }
        begin(at: time)
    }

    /// A jump back by more than a few seconds is a seek: what came before is no more of use.
    private mutating func extended(_ old: Double?, _ start: Double, _ end: Double) -> Double {
        guard let old else { return end }
        guard end < old - 10, let playhead, end < playhead - 2 else { return max(old, end) }
        self.playhead = start
        state = .waiting
        return end
    }

    private mutating func begin(at time: Timestamp) {
        guard let level else { return }
        maximum = max(maximum, level)
        guard !isPlaying, level >= threshold - 0.000_5, isStalled || !isIncomplete(at: time) else { return }
        if case .stalled(let since) = state {
            stallTime = saturatingAdd(stallTime, time - since)
            if let last = stalls.indices.last, stalls[last].end == nil { stalls[last].end = time }
        }
        state = .playing
        self.time = time
    }

    /// Moves playback on. Media that run out stop it at the moment at which they do.
    mutating func advance(to time: Timestamp) {
        guard time > self.time else { return }
        defer { self.time = time }
        guard case .playing = state, let playhead, let end else { return }
        let played = playhead + (time - self.time).seconds
        guard played >= end else {
            self.playhead = played
            minimum = min(minimum ?? .infinity, end - played)
            return
        }
        let moment = self.time + Nanoseconds(ofSeconds: max(0, end - playhead))
        self.playhead = max(playhead, end)
        minimum = 0
        state = .stalled(since: moment)
        stallCount += 1
        if stalls.count >= Self.stallCapacity { stalls.removeFirst() }
        stalls.append(MediaBuffer.Stall(start: moment, end: nil))
    }

    /// The player says how much it holds of a kind of media, to the tenth of a second (CTA-5004). Returns how far the model was off.
    @discardableResult
    mutating func correct(_ type: MediaType, to reported: Double, at time: Timestamp) -> Double? {
        advance(to: time)
        guard let end = end(of: type), let playhead else { return nil }
        let error = end - playhead - reported
        guard abs(error) > 0.05 else { return error }
        // As little as the rounding allows: the reports before stay true.
        let wanted = error > 0 ? reported + 0.05 : reported - 0.05
        self.playhead = end - max(0, wanted)
        // Before, the model was on its own.
        if !isReported { minimum = nil }
        isReported = true
        if reported > 0, case .waiting = state { state = .playing }
        if case .stalled(let since) = state, reported > 0.05 {
            stallTime = saturatingAdd(stallTime, time - since)
            if let last = stalls.indices.last, stalls[last].end == nil { stalls[last].end = time }
            state = .playing
        }
        return error
    }

    /// Stalled time, with a stall that lasts.
    func stallTime(at time: Timestamp) -> Nanoseconds {
        guard case .stalled(let since) = state else { return stallTime }
        return saturatingAdd(stallTime, max(0, time - since))
    }
}
