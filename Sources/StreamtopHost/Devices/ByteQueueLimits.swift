/// What a device has in hand, by its byte queue limits (/sys/class/net/*/queues/tx-*/byte_queue_limits).
enum ByteQueueLimits {
    private static let queueCapacity = 64

    /// Bytes of all transmit queues; empty where the driver keeps none.
    static func read(_ link: LinkMessage) -> (inFlight: [Int], limits: [Int]) {
        guard !link.isVirtual else { return ([], []) }
        var inFlight: [Int] = []
        var limits: [Int] = []
        for queue in 0..<min(Int(link.transmitQueues ?? 1), queueCapacity) {
            let folder = "/sys/class/net/\(link.name)/queues/tx-\(queue)/byte_queue_limits"
            guard let text = KernelFile.text(at: "\(folder)/inflight"), let bytes = ProcText.numbers(text).first,
                bytes >= 0
            else { break }
            inFlight.append(bytes)
            if let limit = KernelFile.text(at: "\(folder)/limit").flatMap({ ProcText.numbers($0).first }), limit > 0 {
                limits.append(limit)
            }
        }
        return (inFlight, limits)
    }
}
