import StreamtopBase
import StreamtopModel

/// Losses second by second, a character each: low and dim for none, as high as they are many otherwise.
enum LossStrip {
    /// Shares of a second's packets from which on the next higher block is drawn.
    private static let steps: [(share: Double, sign: String)] = [
        (0.5, "█"), (0.2, "▇"), (0.1, "▆"), (0.05, "▅"), (0.02, "▄"), (0.01, "▃"), (0, "▂"),
    ]

    /// Seconds from the first one kept to the newest.
    static func length(_ seconds: [RTPSecondSnapshot]) -> Int {
        guard let first = seconds.first, let last = seconds.last else { return 0 }
        return Int((last.time - first.time).seconds) + 1
    }

    /// The newest `width` seconds; one without packets is blank.
    static func spans(_ seconds: [RTPSecondSnapshot], width: Int) -> [TextSpan] {
        guard let last = seconds.last else { return [] }
        var spans: [TextSpan] = []
        for back in (0..<max(0, width)).reversed() {
            let time = last.time - .seconds(Int64(back))
            guard let second = seconds.last(where: { $0.time <= time }), second.time == time else {
                spans.append(TextSpan(" ", .text))
                continue
            }
            let share = second.expected > 0 ? Double(second.lost) / Double(second.expected) : 0
            guard share > 0, let step = steps.first(where: { share > $0.share }) else {
                spans.append(TextSpan("▁", .muted))
                continue
            }
            spans.append(TextSpan(step.sign, second.lostFinal > 0 ? .markLoss : .watch))
        }
        return spans
    }

    /// A diamond below each second with a key frame.
    static func keyFrames(_ seconds: [RTPSecondSnapshot], width: Int) -> [TextSpan] {
        guard let last = seconds.last else { return [] }
        return (0..<max(0, width)).reversed().map { back in
            let time = last.time - .seconds(Int64(back))
            let isKey = seconds.contains { $0.time == time && $0.keyFrames > 0 }
            return TextSpan(isKey ? "◆" : " ", .accent)
        }
    }
}
