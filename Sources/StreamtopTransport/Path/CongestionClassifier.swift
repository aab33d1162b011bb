import StreamtopBase
import StreamtopModel

/// Names a congestion control from the course of the window, with its reasons; `unknown` rather than a guess.
///
/// Reno halves its window after a loss and then adds one segment each round trip (RFC 5681). CUBIC keeps seven tenths
/// (RFC 9438 section 4.6) and grows along a cubic in time. BBR does not answer a single loss at all, probes for more
/// bandwidth every eight round trips, and every ten seconds looks at the empty path with four segments in flight
/// (draft-ietf-ccwg-bbr). Every threshold lies halfway between what two of them do.
struct CongestionClassifier {
    /// What a loss leaves of the window: Reno a half (RFC 5681 section 3.1), CUBIC seven tenths (RFC 9438 section 4.6). The bands meet
    /// half way, with a gap where neither is nearer. CUBIC's ends half way to 0.85 (RFC 8511): 57 flows of CUBIC on the lab's paths
    /// kept 68 to 75 % at the median, those of BBR in a queue that others fill 79 % and more.
    private static let renoKeeps: Range<Float> = 0.42..<0.60
    private static let cubicKeeps: Range<Float> = 0.62..<0.775
    /// A single cut has to come closer.
    private static let renoKeepsOnce: ClosedRange<Float> = 0.46...0.55
    private static let cubicKeepsOnce: ClosedRange<Float> = 0.66...0.76
    /// Reno's growth, segments each round trip (RFC 5681 section 3.1), with the error of counting in segments.
    private static let renoGrowth: ClosedRange<Float> = 0.8...1.25
    /// Cuts of so small a window round to anything: own.
    private static let leastWindow: Float = 8
    /// Window kept at the median loss, and at the lower quartile, by a sender that does not answer losses: own, above CUBIC's
    /// by as much as rounding takes.
    private static let keepsAll: Float = 0.88
    private static let keepsMost: Float = 0.82
    /// Segments that a probe's end takes off at least: pacing lets two out at once (Linux' tcp_min_tso_segs), so a flight that any clock
    /// holds swings by two. And the smallest flight of which a quarter (the probe's gain) is more: own, from these.
    private static let leastFall: Float = 2.9
    private static let leastProbed: Float = 11.6
    /// Round trips between two probes for bandwidth: eight (draft-ietf-ccwg-bbr section 5.3.3), with what a capture blurs.
    private static let probePeriods = 4...11
    private let cuts: [CongestionMeter.Cut]
    private let rounds: [CongestionMeter.Round]
    private let dips: Int
    /// Times that segments were lost, in windows of any size.
    private let losses: Int
    /// Its bursts go out by a clock of its own; nil where that was not seen.
    private let isPaced: Bool?

    /// `losses`: occasions on which segments were lost, where more is known of them than the course of the window tells.
    init(_ meter: CongestionMeter, losses: Int = 0, isPaced: Bool? = nil) {
        self.isPaced = isPaced
        let recoveries = zip(meter.rounds.dropFirst(), meter.rounds).count { $0.recovered && !$1.recovered }
        self.losses = max(losses, recoveries)
        // Windows of a few segments round to anything.
        let usable = meter.cuts.filter { !$0.isLimited && $0.before >= Self.leastWindow }
        // The first cut ends slow start, whose overshoot is lost over several rounds: it says little if there are others.
        cuts = usable.count > 2 ? Array(usable.dropFirst()) : usable
        rounds = meter.rounds
        dips = meter.dips.count
    }

    func verdict() -> CongestionControlSnapshot {
        let candidate = bbr() ?? byCuts() ?? byGrowth()
        return candidate
            ?? CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: whyNot)
    }

    private var whyNot: [String] {
        rounds.isEmpty
            ? ["too little data to see a window"]
            : ["\(rounds.count) round trips with \(cuts.count) usable cuts do not single one out"]
    }

    // MARK: BBR

    private func bbr() -> CongestionControlSnapshot? {
        var evidence: [String] = []
        var doubt = 1.0
        if dips > 0 {
            evidence.append("\(dips) times down to at most 4 segments for 0.2 s without a loss (minimum RTT probe)")
            doubt *= dips > 1 ? 0.1 : 0.2
        }
        let kept = cuts.map { $0.after / $0.before }.sorted()
        if kept.count >= 4, kept[kept.count / 2] >= Self.keepsAll, kept[kept.count / 4] >= Self.keepsMost {
            evidence.append(
                "\(kept.count) losses left \(percent(kept[kept.count / 2])) of the window (median): no reaction")
            doubt *= kept.count >= 8 ? 0.15 : 0.3
        }
        // Falls as rare as losses, which were answered or in windows too small to tell, may be the answers.
        let ignoresLosses = doubt < 1 && kept.count >= 4
        if let period = probePeriod, ignoresLosses || losses * 2 < period.count {
            evidence.append(
                "flight rises and falls without loss every \(period.rounds) round trips, \(period.count) times (bandwidth probe)"
            )
            doubt *= period.count >= 6 ? 0.2 : 0.35
        }
        // Halved windows contradict it, whatever else was seen.
        if kept.count >= 2, kept[kept.count / 2] < Self.keepsMost { return nil }
        guard doubt <= 0.35 else { return nil }
        return CongestionControlSnapshot(name: .bbr, source: .estimate, confidence: 1 - doubt, evidence: evidence)
    }

    /// Regular falls of the flight that no loss explains, within a band around its median.
    private var probePeriod: (rounds: Int, count: Int)? {
        let steady = rounds.dropFirst(rounds.count / 4)
        let quiet = steady.filter { !$0.recovered && !$0.limited }
        guard quiet.count >= 24 else { return nil }
        let sorted = quiet.map(\.flight).sorted()
        let middle = sorted[sorted.count / 2]
        guard middle >= Self.leastProbed, sorted[sorted.count / 20] >= 0.65 * middle,
            sorted[sorted.count * 19 / 20] <= 1.5 * middle
        else { return nil }
        var falls: [Int] = []
        var peak: Float = 0
        var position = 0
        var previous: CongestionMeter.Round?
        for round in steady {
            defer {
                previous = round
                position += 1
            }
            guard let before = previous, !before.recovered, !round.recovered, !before.limited, !round.limited else {
                peak = 0
                continue
            }
            peak = max(peak, before.flight)
            if round.flight <= 0.93 * peak, peak - round.flight >= Self.leastFall {
                if falls.last.map({ position - $0 > 2 }) ?? true { falls.append(position) }
                peak = round.flight
            }
        }
        guard falls.count >= 4 else { return nil }
        let gaps = zip(falls.dropFirst(), falls).map { $0 - $1 }.sorted()
        let period = gaps[gaps.count / 2]
        let regular = gaps.filter { abs($0 - period) <= 2 }.count
        guard Self.probePeriods.contains(period), regular * 2 >= gaps.count else { return nil }
        return (period, falls.count)
    }

    // MARK: Reno and CUBIC by what a loss leaves

    private func byCuts() -> CongestionControlSnapshot? {
        let kept = cuts.map { $0.after / $0.before }.sorted()
        guard let last = kept.last, let first = kept.first else { return nil }
        let middle = kept[kept.count / 2]
        let name: CongestionControlName
        switch middle {
        case Self.renoKeeps: name = .reno
        case Self.cubicKeeps: name = .cubic
        default: return nil
        }
        // Hardly any loss left a cut: what cut the window then was not the losses.
        guard cuts.count * 6 >= losses else { return nil }
        let growth = steadyGrowth
        // Paced, and a window that does not grow between losses: it is not loss that sets it.
        if isPaced == true, let growth, growth < 0.1 { return nil }
        var evidence = [
            "\(kept.count) losses left \(percent(middle)) of the window (median; \(percent(first)) to \(percent(last)))"
        ]
        if let growth { evidence.append("regrowth of \(tenths(growth)) segments each round trip (median)") }
        // One cut alone needs a second witness.
        if kept.count == 1 {
            guard cuts[0].before >= 20 else { return nil }
            let fits =
                name == .reno
                ? growth.map { Self.renoGrowth.contains($0) } : growth.map { !Self.renoGrowth.contains($0) }
            guard fits ?? false, (name == .reno ? Self.renoKeepsOnce : Self.cubicKeepsOnce).contains(middle) else {
                return nil
            }
            return CongestionControlSnapshot(name: name, source: .estimate, confidence: 0.5, evidence: evidence)
        }
        let agreeing = kept.filter { name == .reno ? $0 < 0.61 : $0 >= 0.61 && $0 < 0.85 }.count
        let share = Double(agreeing) / Double(kept.count)
        guard share >= 0.6 else { return nil }
        let many = min(1, Double(kept.count) / 4)
        return CongestionControlSnapshot(
            name: name, source: .estimate, confidence: (0.55 + 0.4 * many) * share, evidence: evidence)
    }

    // MARK: By growth alone

    /// Growth of the window from round to round where nothing was lost and nothing held it, median, segments.
    private var steadyGrowth: Float? {
        let steps = zip(rounds.dropFirst(), rounds).compactMap { now, before -> Float? in
            guard !now.recovered, !before.recovered, !now.limited, !before.limited, now.flight >= before.flight,
                now.flight < 1.4 * before.flight
            else { return nil }
            return now.flight - before.flight
        }
        guard steps.count >= 8 else { return nil }
        return steps.sorted()[steps.count / 2]
    }

    /// A long climb without a cut: by one segment a round (Reno), or faster and faster (the convex part of a cubic).
    private func byGrowth() -> CongestionControlSnapshot? {
        guard cuts.isEmpty, let climb = longestClimb, climb.count >= 15 else { return nil }
        let third = climb.count / 3
        func slope(_ part: Int) -> Float {
            let start = climb.startIndex + part * third
            return (climb[start + third - 1].flight - climb[start].flight) / Float(third - 1)
        }
        let slopes = (0..<3).map(slope)
        let span = climb[climb.endIndex - 1].time - climb[climb.startIndex].time
        let figures = slopes.map(tenths).joined(separator: ", ")
        let sentence = "grew by \(figures) segments each round trip in the thirds of \(tenths(span)) s without a cut"
        if climb.count >= 24, slopes.allSatisfy({ (0.85...1.2).contains($0) }) {
            return CongestionControlSnapshot(name: .reno, source: .estimate, confidence: 0.6, evidence: [sentence])
        }
        if span >= 3, slopes[2] >= 1.3, slopes[2] >= 1.5 * max(slopes[0], slopes[1]), slopes[1] >= 0.6 * slopes[0] {
            return CongestionControlSnapshot(name: .cubic, source: .estimate, confidence: 0.6, evidence: [sentence])
        }
        return nil
    }

    /// The longest run of rounds after slow start in which the window never fell by more than 5 % or two segments.
    private var longestClimb: ArraySlice<CongestionMeter.Round>? {
        var best: Range<Int>?
        var start = 0
        for index in rounds.indices {
            let round = rounds[index]
            let before = index > 0 ? rounds[index - 1].flight : round.flight
            // Slow start grows by half or more each round.
            let breaks = round.limited || round.flight > 1.4 * before || round.flight < min(0.95 * before, before - 2)
            if breaks { start = index + 1 } else if index + 1 - start > best?.count ?? 0 { best = start..<index + 1 }
        }
        return best.map { rounds[$0] }
    }

    private func percent(_ share: Float) -> String { "\(Int((share * 100).rounded())) %" }

    private func tenths(_ value: Float) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled < 0 ? "-" : "")\(abs(scaled) / 10).\(abs(scaled) % 10)"
    }
}
