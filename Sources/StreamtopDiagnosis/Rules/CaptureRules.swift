import StreamtopBase
import StreamtopModel

/// When it is we who are blind (rule 54). Numbers made from what we did not see must not accuse the network.
enum CaptureRules {
    static let missed = Threshold(
        "acknowledged data that the capture does not hold", 0.1, .percent, source: "own; handed down by practice")

    static let rules: [Rule] = [
        Rule(
            54, "capture_loss", .capture, symptom: "streamtop did not see everything.", thresholds: [missed],
            hold: .atOnce, judge: .sender(incomplete))
    ]

    /// Of one flow: data was acknowledged that the capture never showed.
    private static func incomplete(_ it: SenderCase) -> Finding? {
        guard !it.isCaptureComplete else { return nil }
        let share = it.missedShare
        let summary =
            share > 0.9
            ? "The capture holds none of the data that the \(it.senderName) sent: only one direction was captured"
            : "The capture misses \(FigureText.percent(share)) of the data that the \(it.senderName) sent; its loss and flight figures are not judged"
        return Finding(
            severity: .info, subject: .host, summary: summary,
            evidence: [
                .init("missed_ratio", share), .init("missed_bytes", Double(it.side.lostBeforeCaptureBytes)),
            ],
            advice:
                "A larger capture buffer (-B), a shorter snap length (-s) or a filter; or capture where both directions pass.",
            confidence: 0.95)
    }

    /// Of the whole capture: the kernel, the interface or we ourselves dropped frames.
    static func dropped(_ drops: UInt64, of health: CaptureHealth) -> Finding {
        Finding(
            severity: .critical, subject: .host,
            summary:
                "\(drops) frames were dropped before streamtop saw them; verdicts are withheld until that stops",
            evidence: [
                .init("kernel_drops", Double(health.kernelDrops)),
                .init("interface_drops", Double(health.interfaceDrops)), .init("own_drops", Double(health.ownDrops)),
            ],
            advice:
                "A larger capture buffer (-B), a shorter snap length (-s) or a filter that leaves out what you do not need.",
            confidence: 1)
    }
}
