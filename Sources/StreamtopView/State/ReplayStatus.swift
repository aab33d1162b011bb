import StreamtopBase
import StreamtopModel

/// Where a replay stands. Offsets count from the capture's first frame.
package struct ReplayStatus: Equatable, Sendable {
    package var position: Nanoseconds
    /// nil while the end of the capture is not known (a pipe, a file that still grows).
    package var duration: Nanoseconds?
    /// Capture seconds a second; infinite for "as fast as it goes".
    package var speed: Double
    package var isPaused: Bool
    package var isLooping: Bool
    /// The last frame has been shown.
    package var isAtEnd: Bool
    /// Events worth a mark on the bar, ascending by offset.
    package var marks: [ReplayMark]

    package init(
        position: Nanoseconds, duration: Nanoseconds?, speed: Double = 1, isPaused: Bool = false,
        isLooping: Bool = false, isAtEnd: Bool = false, marks: [ReplayMark] = []
    ) {
        self.position = position
        self.duration = duration
        self.speed = speed
        self.isPaused = isPaused
        self.isLooping = isLooping
        self.isAtEnd = isAtEnd
        self.marks = marks
    }

    /// Speeds that the keys step through.
    package static let speeds: [Double] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, .infinity]
}

package struct ReplayMark: Equatable, Sendable {
    package var offset: Nanoseconds
    package var severity: Verdict.Severity

    package init(offset: Nanoseconds, severity: Verdict.Severity) {
        self.offset = offset
        self.severity = severity
    }
}
