import StreamtopBase
import StreamtopModel

/// Media time of one stream against the capture time at which it came (handbook 5.10): whether the media falls behind.
///
/// Jumps of either clock are taken out: a step in which they differ by more than ten seconds counts for neither. What is
/// fallen behind while media kept coming is kept apart from pauses, in which nothing came: only the former waits at a sender.
package struct MediaBacklogMeter: Sendable {
    /// Own: live media does not come in lumps of more; encoders restart and clocks are set by more.
    static let largestStep: Nanoseconds = .seconds(10)
    /// Own: with a longer pause between two pieces nothing was being sent.
    static let longestPause: Nanoseconds = .seconds(1)

    private var last: (media: Nanoseconds, time: Timestamp)?
    private var advance: Nanoseconds = 0
    private var wall: Nanoseconds = 0
    /// Behind, since the beginning and without pauses, and the least of it so far.
    private var behind: Nanoseconds = 0
    private var leastBehind: Nanoseconds = 0
    private var steps = 0

    package init() {}

    /// A piece of media: its timestamp, and when its last byte came. Pictures that are sent out of order (B-frames) advance
    /// nothing until a later one comes.
    package mutating func observe(_ media: Nanoseconds, at time: Timestamp) {
        guard let last else {
            self.last = (media, time)
            return
        }
        let (step, overflow) = media.subtractingReportingOverflow(last.media)
        let passed = time - last.time
        guard !overflow, passed >= 0, step > -Self.largestStep,
            saturatingAdd(step, -passed).magnitude <= Self.largestStep.magnitude
        else {
            self.last = (media, time)
            return
        }
        guard step > 0 else { return }
        advance = saturatingAdd(advance, step)
        wall = saturatingAdd(wall, passed)
        steps += 1
        self.last = (media, time)
        guard passed <= Self.longestPause else { return }
        behind = saturatingAdd(behind, passed - step)
        leastBehind = min(leastBehind, behind)
    }

    /// Nothing to say before two pieces.
    package var snapshot: MediaClockSnapshot? {
        guard steps > 0 else { return nil }
        var clock = MediaClockSnapshot(advance: advance.seconds, wall: wall.seconds)
        clock.backlog = behind - leastBehind
        return clock
    }
}
