import StreamtopBase
import StreamtopModel

/// When it is we who are blind (rule 54). Numbers made from what we did not see must not accuse the network.
enum CaptureRules {
    static let missed = Threshold(
        "acknowledged data that the capture does not hold", 0.1, .percent, source: "own; handed down by practice")

    static let oneSided = Threshold("data segments without an answer, at least", 3, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            54, "capture_loss", .capture, symptom: "streamtop did not see everything.", thresholds: [missed],
            hold: .atOnce, judge: .sender(incomplete)),
        Rule(
            67, "one_sided_capture", .capture, symptom: "Only one direction of a flow is in the capture.",
            thresholds: [oneSided], silentWhen: ["the other end did not answer the SYN"], hold: .atOnce, needs: .tcp,
            judge: .flow(oneSidedFlow)),
    ]

    /// Data without a single packet of the other end: it was answered, or the sender would have stopped.
    private static func oneSidedFlow(_ flow: FlowSnapshot) -> Finding? {
        guard let tcp = flow.$tcp else { return nil }
        for end in Direction.allCases {
            let silent = end == .fromClient ? flow.server : flow.client
            let sent = tcp.value[end].dataSegments
            guard silent.packets == 0, sent >= Int(oneSided.value) else { continue }
            let name = end == .fromClient ? "client" : "server"
            return Finding(
                severity: .info, subject: .host,
                summary:
                    "Only the \(name)'s packets are in the capture: nothing can be said of windows, flight and the causes of losses",
                evidence: [.init("data_segments", Double(sent)), .init("packets_of_the_other_end", 0)],
                advice: "Capture where both directions pass, or mirror both directions of the port.", confidence: 0.95)
        }
        return nil
    }

    /// Of one flow: data was acknowledged that the capture never showed.
    private static func incomplete(_ end: SenderCase) -> Finding? {
        guard !end.isCaptureComplete else { return nil }
        let share = end.missedShare
        let summary =
            share > 0.9
            ? "The capture holds none of the data that the \(end.senderName) sent: only one direction was captured"
            : "The capture misses \(FigureText.percent(share)) of the data that the \(end.senderName) sent; its loss and flight figures are not judged"
        return Finding(
            severity: .info, subject: .host, summary: summary,
            evidence: [
                .init("missed_ratio", share), .init("missed_bytes", Double(end.side.missedBytes)),
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
