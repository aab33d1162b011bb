import StreamtopBase

/// Whether a sender releases its data by a clock of its own or when acknowledgments arrive, seen at its own host.
///
/// Data goes out in bursts; one begins after a silence of 50 us. An acknowledgment clock starts each of them right
/// behind an acknowledgment; a pacing timer takes no notice, and spaces them by their size. Further away than the
/// sender's own network the bottleneck spaces packets just as evenly, so nothing is said there.
struct PacingMeter: Sendable {
    static let silence: Nanoseconds = 50_000
    /// What a host takes to answer an acknowledgment with data.
    static let reaction: Nanoseconds = 200_000
    /// Bursts that are enough to tell.
    static let enough: UInt32 = 64

    // Own, between what the lab's senders show with a pacing timer (fq, BBR) and without.

    /// Segments in one burst that no pacing timer lets out: twice and more what Linux' pacing sends at once at these rates
    /// (`tcp_tso_autosize`).
    private static let largeBurst = 10
    /// A gap within these shares of the usual one for its bytes is regular.
    private static let regularGap = 0.5..<1.5
    /// Shares of bursts: started by acknowledgments, of a sender that is clocked by them and of one that is not; large ones,
    /// of either; and regular gaps, of one that is paced.
    private static let clockedShare = 0.7
    private static let unclockedShare = 0.5
    private static let largeShare = 0.5
    private static let fewLargeShare = 0.1
    private static let regularShare = 0.6
    /// Reactions between two acknowledgments on average, below which everything follows one of them.
    private static let sparseAnswers = 3.0

    private var previous = Timestamp(nanoseconds: .min)
    /// Start of the burst going on, its bytes, and whether it is one that tells.
    private var start = Timestamp(nanoseconds: .min)
    private var bytes = 0
    private var isTelling = false
    private var isLarge = false

    private var telling: UInt32 = 0
    private var clocked: UInt32 = 0
    private var large: UInt32 = 0
    private var spaced: UInt32 = 0
    private var regular: UInt32 = 0
    /// Usual time for each byte, ns.
    private var usual = 0.0
    private var answerGap = 0.0
    private var lastAnswer = Timestamp(nanoseconds: .min)

    init() {}

    /// New data goes out. `idle`: nothing was outstanding before it; `answer`: when the newest acknowledgment came;
    /// `distance`: round trip between the capture point and the sender.
    mutating func observe(
        length: Int, unit: Int, idle: Bool, answer: Timestamp, distance: Nanoseconds, at time: Timestamp
    ) {
        defer { previous = time }
        if answer != lastAnswer {
            if lastAnswer.nanoseconds != .min { answerGap += (Double(answer - lastAnswer) - answerGap) / 16 }
            lastAnswer = answer
        }
        if previous.nanoseconds != .min, time - previous < Self.silence {
            bytes += length
            if !isLarge, bytes > Self.largeBurst * unit {
                isLarge = true
                if isTelling { large &+= 1 }
            }
            return
        }
        measureGap(to: time, idle: idle)
        start = time
        bytes = length
        isLarge = length > Self.largeBurst * unit
        // After silence of the application, or with little of its data, the application set the time.
        isTelling = !idle && length >= unit && answer.nanoseconds != .min
        guard isTelling else { return }
        telling &+= 1
        if isLarge { large &+= 1 }
        if time - answer < Self.reaction + distance { clocked &+= 1 }
    }

    private mutating func measureGap(to time: Timestamp, idle: Bool) {
        guard bytes > 0, !idle else { return }
        let pace = Double(time - start) / Double(bytes)
        if usual > 0 {
            spaced &+= 1
            if pace > Self.regularGap.lowerBound * usual, pace < Self.regularGap.upperBound * usual { regular &+= 1 }
            usual += (pace - usual) / 8
        } else {
            usual = pace
        }
    }

    /// Nil while there are too few bursts, between the two, and where acknowledgments come so densely that everything
    /// follows one.
    var isPaced: Bool? {
        guard telling >= Self.enough, spaced >= Self.enough, answerGap > Self.sparseAnswers * Double(Self.reaction)
        else { return nil }
        let clockedShare = Double(clocked) / Double(telling)
        if clockedShare > Self.clockedShare || Double(large) > Self.largeShare * Double(telling) { return false }
        guard clockedShare < Self.unclockedShare, Double(regular) > Self.regularShare * Double(spaced),
            Double(large) < Self.fewLargeShare * Double(telling)
        else {
            return nil
        }
        return true
    }
}
