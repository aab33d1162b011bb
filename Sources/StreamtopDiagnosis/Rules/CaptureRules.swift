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
            yieldsTo: [67, 80], hold: .atOnce, needs: .missedData, judge: .sender(incomplete)),
        Rule(
            67, "one_sided_capture", .capture, symptom: "Only one direction of a flow is in the capture.",
            thresholds: [oneSided], silentWhen: ["the other end did not answer the SYN"], hold: .atOnce, needs: .tcp,
            judge: .flow(oneSidedFlow)),
        Rule(
            61, "duplicated_capture", .capture, symptom: "Every packet is in the capture more than once.",
            thresholds: [copied], silentWhen: ["the network duplicates a few packets"], hold: .atOnce,
            judge: .capture(duplicated)),
        Rule(
            62, "clock_step", .capture, symptom: "The capture's clock was set while it ran.", thresholds: [],
            silentWhen: ["single stamps are out of order"], hold: .atOnce, judge: .capture(stepped)),
        Rule(
            80, "capture_disorder", .capture, symptom: "Acknowledgments stand before the data that they acknowledge.",
            thresholds: [displaced, displacedShare], hold: .atOnce, needs: .disorder, judge: .sender(disordered)),
    ]

    /// Data without a single packet of the other end: it was answered, or the sender would have stopped.
    private static func oneSidedFlow(_ flow: FlowSnapshot) -> Finding? {
        guard let tcp = flow.$tcp else { return nil }
        for end in Direction.allCases {
            let silent = end == .fromClient ? flow.server : flow.client
            let sent = tcp.value.read(end) { $0.sender.dataPackets }
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

    static let copied = Threshold(
        "share of a flow's packets that have a copy", 80, .percent,
        source: "own; networks duplicate a few percent at most")
    static let displaced = Threshold("data segments behind their acknowledgment, at least", 20, .count, source: "own")
    static let displacedShare = Threshold(
        "share of data segments behind their acknowledgment", 10, .percent,
        source: "own; several queues of a network card displace one in a hundred")

    private static func duplicated(_ health: CaptureHealth) -> Finding? {
        guard let twice = health.seenTwice else { return nil }
        let how =
            switch twice.kind {
            case .mirror: "a mirror port copies both directions"
            case .hostPath: "they pass several interfaces of this host"
            case .twoPoints: "two points of one path were captured; each flow is judged at one of them"
            }
        return Finding(
            severity: .info, subject: .host,
            summary: "\(twice.packets) packets are in the capture more than once and are counted once: \(how)",
            evidence: [.init("copies", Double(twice.packets)), .init("copied_bytes", Double(twice.bytes))],
            advice: "Capture on one interface, or mirror one direction of the port, to halve the work.",
            confidence: 0.95)
    }

    private static func stepped(_ health: CaptureHealth) -> Finding? {
        guard health.clock.count > 0 else { return nil }
        let by = health.clock.lastBy
        let times = health.clock.count == 1 ? "" : "\(health.clock.count) times, at last "
        let size = by == .min ? .max : abs(by)
        let (course, after) = by <= 0 ? ("back", ", and times after it go on from the old clock") : ("ahead", "")
        return Finding(
            severity: .info, subject: .host,
            summary:
                "The capture's clock was set \(times)\(course) by \(FigureText.time(size)); nothing across that is measured\(after)",
            evidence: [.init("steps", Double(health.clock.count)), .init("step_\(course)_ms", size.milliseconds)],
            advice: "On the capturing host: let the clock be slewed (chrony), not set.", confidence: 0.95)
    }

    private static func disordered(_ end: borrowing SenderCase) -> Finding? {
        guard let tcp = end.tcp else { return nil }
        let count = tcp.displacedSegments
        guard count >= Int(displaced.value),
            Double(count) >= Double(tcp.dataSegments) * displacedShare.value / 100
        else { return nil }
        return Finding(
            severity: .info, subject: .host,
            summary:
                "\(count) of the \(end.senderName)'s \(tcp.dataSegments) data segments stand behind their acknowledgment: the two directions are not stamped by one clock",
            evidence: [.init("displaced_segments", Double(count))],
            advice: "Capture both directions on one interface; half round trips and flight are not to be trusted here.",
            confidence: 0.95)
    }

    /// Of one flow: data was acknowledged that the capture never showed.
    private static func incomplete(_ end: borrowing SenderCase) -> Finding? {
        guard !end.isCaptureComplete else { return nil }
        let share = end.missedShare
        let summary =
            share > 0.9
            ? "The capture holds none of the data that the \(end.senderName) sent: only one direction was captured"
            : "The capture misses \(FigureText.percent(share)) of the data that the \(end.senderName) sent; its loss and flight figures are not judged"
        return Finding(
            severity: .info, subject: .host, summary: summary,
            evidence: [
                .init("missed_ratio", share), .init("missed_bytes", Double(end.figures.missedBytes)),
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
