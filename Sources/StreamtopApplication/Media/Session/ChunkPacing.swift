import StreamtopBase
import StreamtopModel

/// How chunks arrive against how they were made, by their own stamps (handbook 5.2). HTTP chunk borders say nothing: they are made
/// anew at every hop.
struct ChunkPacing: Sendable {
    /// Deviations of arrival from making that are kept, in shares of a chunk's length.
    private static let kept = 512
    /// Shares of a chunk's length: close enough to be as made; closer together than this is a burst.
    static let even = 0.25
    static let burst = 0.2
    /// A pause before a burst, in chunks.
    static let pause = 2.0
    static let leastBurst = 3
    static let leastSegments = 3

    private var deviations = BoundedHistory<Float>(capacity: ChunkPacing.kept)
    private var spacings = BoundedHistory<Float>(capacity: ChunkPacing.kept)
    /// From one to the next as they were made, in lengths of a chunk.
    private var makings = BoundedHistory<Float>(capacity: ChunkPacing.kept)
    private var transfers = BoundedHistory<Float>(capacity: ChunkPacing.kept)
    private(set) var gatheredSegments = 0
    private(set) var judgedSegments = 0
    /// Of bursts, the longest pause before one.
    private(set) var longestPause: Nanoseconds = 0

    init() {}

    /// A segment is over.
    mutating func judge(_ segment: MediaSegment) {
        let chunks = segment.chunks
        guard chunks.count >= 4, chunks.count == segment.chunkCount else { return }
        judgedSegments += 1
        var run = 0
        var isAfterPause = false
        var isGathered = false
        var arrived = segment.requestTime
        for (index, chunk) in chunks.enumerated() {
            defer { arrived = chunk.lastByteTime }
            let length = chunk.duration
            guard length > 0 else { continue }
            let pause = chunk.firstByteTime - arrived
            let isPaused = pause.seconds >= Self.pause * length
            if isPaused {
                run = 0
                isAfterPause = true
                longestPause = max(longestPause, pause)
            }
            // What was made before it was asked for comes at once, as it should.
            let isNew = chunk.producerTime.map { $0 > segment.requestTime } ?? false
            guard index > 0, let stamp = chunk.producerTime, let before = chunks[index - 1].producerTime,
                chunks[index - 1].duration > 0
            else { continue }
            let made = (stamp - before).seconds
            let came = (chunk.lastByteTime - chunks[index - 1].lastByteTime).seconds
            let unit = chunks[index - 1].duration
            if isNew {
                deviations.append(Float(abs(came - made) / unit))
                transfers.append(Float((chunk.lastByteTime - chunk.firstByteTime).seconds / length))
            }
            if index < chunks.count - 1 { makings.append(Float(made / unit)) }
            if index < chunks.count - 1 { spacings.append(Float(abs(made - unit) / unit)) }
            guard isNew, isAfterPause, came < Self.burst * unit, made > (1 - Self.even) * unit else {
                if !isPaused { isAfterPause = false }
                run = 0
                continue
            }
            run += 1
            if run >= Self.leastBurst { isGathered = true }
        }
        if isGathered { gatheredSegments += 1 }
    }

    /// nil where too few chunks were seen, or stamps are missing, or nothing fits.
    var verdict: MediaSessionSnapshot.Pacing? {
        guard deviations.count >= 8, let spread = Self.quantile(spacings, 0.95),
            let deviation = Self.quantile(deviations, 0.5)
        else { return nil }
        if gatheredSegments >= Self.leastSegments, Double(spread) < Self.even * 2 { return .gathered }
        if Double(deviation) < Self.even { return .encoder }
        return (Self.quantile(transfers, 0.5) ?? 0) >= 0.7 ? .network : nil
    }

    var cadence: MediaCadence? {
        guard deviations.count > 0, let made = Self.quantile(makings, 0.95),
            let transfer = Self.quantile(transfers, 0.5)
        else { return nil }
        return MediaCadence(
            chunks: deviations.count, made: Double(made), transfer: Double(transfer),
            gatheredSegments: gatheredSegments, longestPause: longestPause)
    }

    private static func quantile(_ values: BoundedHistory<Float>, _ share: Double) -> Float? {
        let sorted = values.elements.sorted()
        guard !sorted.isEmpty else { return nil }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}
