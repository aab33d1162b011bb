import StreamtopBase
import StreamtopModel

/// The E-model (ITU-T G.107) in the simplification of Cole and Rosenbluth (2001), for each five seconds by itself: a
/// cumulative score never recovers from a bad minute.
package struct VoiceQuality: Sendable {
    /// Impairment factors of a codec with loss concealment (ITU-T G.113 appendix I).
    package struct Codec: Equatable, Sendable {
        package var impairment: Double
        package var robustness: Double
        package var isAssumed: Bool

        package init(impairment: Double, robustness: Double, isAssumed: Bool) {
            self.impairment = impairment
            self.robustness = robustness
            self.isAssumed = isAssumed
        }

        package static let g711 = Codec(impairment: 0, robustness: 25.1, isAssumed: false)
        package static let g729 = Codec(impairment: 11, robustness: 19, isAssumed: false)
        /// Not standardised; what is assumed here is marked so.
        package static let opus = Codec(impairment: 0, robustness: 20, isAssumed: true)
    }

    /// Transmission rating; `delay` is one way, mouth to ear, in milliseconds, `loss` in percent.
    package static func rating(_ codec: Codec, delay: Double, loss: Double, burstRatio: Double) -> Double {
        let late = delay - 177.3
        let delayImpairment = 0.024 * delay + (late > 0 ? 0.11 * late : 0)
        let equipment =
            codec.impairment + (95 - codec.impairment) * loss / (loss / max(1, burstRatio) + codec.robustness)
        return 93.2 - delayImpairment - equipment
    }

    /// Mean opinion score of a rating (G.107 annex B).
    package static func score(_ rating: Double) -> Double {
        switch rating {
        case ..<0: 1
        case 100...: 4.5
        default: max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
        }
    }

    private static let interval: Nanoseconds = .seconds(5)

    private var began: Timestamp?
    private var expected: UInt64 = 0
    private var lost: UInt64 = 0
    private var bursts = 0
    package private(set) var last: Double?
    package private(set) var worst: Double?
    package private(set) var isWithoutDelay = false

    init() {}

    /// Counts of the stream so far, lost ones being those not repaired and those that came too late; `oneWay` in
    /// milliseconds, buffer and codec included, nil without a round trip.
    mutating func observe(
        _ codec: Codec, expected: UInt64, lost: UInt64, bursts: Int, oneWay: Double?, at time: Timestamp
    ) {
        guard let began else {
            began = time
            (self.expected, self.lost, self.bursts) = (expected, lost, bursts)
            return
        }
        guard time - began >= Self.interval else { return }
        let total = expected >= self.expected ? expected - self.expected : 0
        let gone = lost >= self.lost ? lost - self.lost : 0
        let runs = max(1, bursts - self.bursts)
        if total >= 50 {
            let share = min(1, Double(gone) / Double(total))
            // Mean length of the bursts seen, over that of random loss at the same rate: 1 / (1 - p).
            let ratio = share < 1 ? Double(gone) / Double(runs) * (1 - share) : 1
            let value = Self.score(
                Self.rating(codec, delay: oneWay ?? 0, loss: share * 100, burstRatio: ratio))
            last = value
            worst = min(worst ?? value, value)
            isWithoutDelay = oneWay == nil
        }
        self.began = time
        (self.expected, self.lost, self.bursts) = (expected, lost, bursts)
    }
}
