import StreamtopBase
import StreamtopModel

/// Course of a busy sender's window, for naming its congestion control: rounds and cuts.
struct TCPCongestionMeter: Sendable {
    static let cutCapacity = 64
    private(set) var cuts: [WindowCut] = []

    init() {}

    mutating func observeCut(_ cut: WindowCut) {
        if cuts.count == Self.cutCapacity { cuts.removeFirst() }
        cuts.append(cut)
    }

    func verdict() -> CongestionControlSnapshot {
        CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [])
    }
}
