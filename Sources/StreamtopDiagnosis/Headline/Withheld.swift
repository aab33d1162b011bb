import StreamtopBase
import StreamtopModel

/// Reasons why "ok" may not be said although nothing is known to be wrong.
struct Withheld {
    private var oneSided = 0
    private var incomplete = 0
    private var scaleUnknown = 0
    private var possible = 0
    private var firstPossible: String?

    /// Share of the capture's packets that may stay undecoded without a word: what a switch says to its neighbours.
    private static let undecodedShare = 0.01
    /// Data segments from which on an unknown window would matter.
    private static let busy = 20

    mutating func note(_ flow: FlowSnapshot) {
        for verdict in flow.verdicts {
            switch verdict.rule {
            case "one_sided_capture": oneSided += 1
            case "capture_loss", "capture_disorder": incomplete += 1
            default:
                guard verdict.confidence < 0.5 else { continue }
                possible += 1
                firstPossible = firstPossible ?? verdict.summary
            }
        }
        guard let tcp = flow.$tcp else { return }
        for end in Direction.allCases
        where tcp.value.read(end, { $0.sender.dataPackets }) >= Self.busy
            && tcp.value.read(end.reversed, { $0.receiveWindow?.scaleUnknown }) == true
        {
            scaleUnknown += 1
            return
        }
    }

    /// In words, the gravest first; nil when nothing is withheld.
    func reason(health: CaptureHealth, packets: UInt64, other: UInt64 = 0) -> String? {
        if health.isTooFarBehind, let behind = health.behind {
            return
                "The analysis is \(FigureText.time(behind)) behind the wire: nothing is judged until it has caught up."
        }
        let lost = health.kernelDrops &+ health.ownDrops
        if lost > 0 {
            let share = Double(lost) / Double(max(1, lost &+ packets))
            return
                "The capture lost \(lost) packets (\(FigureText.percent(share))): loss and round trips may read wrong."
        }
        if oneSided > 0 {
            return
                "Of \(HeadlineWords.flows(oneSided)) only one direction was captured: window, flight and losses are not judged."
        }
        if incomplete > 0 {
            return
                "\(HeadlineWords.flows(incomplete).capitalizedFirst) were captured with holes or out of order: losses are not judged."
        }
        let undecoded = health.undecoded.reduce(UInt64(0)) { $0 &+ $1.packets }
        if Double(undecoded) > Double(packets) * Self.undecodedShare, packets > 0 {
            let most = health.undecoded.max { ($0.packets, $1.reason) < ($1.packets, $0.reason) }
            return
                "\(undecoded) of \(packets) packets are not decoded (most: \(HeadlineWords.rule(most?.reason ?? ""))): what they carry is not judged."
        }
        if scaleUnknown > 0 {
            return
                "The beginning of \(HeadlineWords.flows(scaleUnknown)) was not captured: the receive window is unknown, nothing else is wrong."
        }
        if possible > 0 { return firstPossible }
        return nil
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
