import StreamtopBase
import StreamtopModel

/// Capture health.
extension Words {
    static let captureHeader = "How much of the truth this capture sees"
    static let captureSource = "Source"
    static let captureFrom = "from"
    static let captureFilter = "filter"
    static let captureStart = "first packet"
    static let captureSpan = "span"
    static let bytes = "bytes on the wire"
    static let bytesCaptured = "bytes captured"
    static let flowsSeen = "flows"
    static let captureLosses = "Not seen"
    static let dropsKernel = "dropped by the kernel"
    static let dropsInterface = "dropped by the NIC"
    static let dropsOwn = "dropped by streamtop"
    static let framesCut = "frames cut short"
    static let timestampsBackwards = "clock went back"
    static let clockSteps = "clock was set"
    static let stampsIgnored = "stamps ignored"
    static let seenTwice = "seen more than once"
    static let problem = "problem"
    static let failedOutput = "not written"
    static let secrets = "secrets read"
    static let keyLog = "key log"

    static func seenTwice(_ twice: SeenTwice) -> String {
        let position =
            switch twice.kind {
            case .mirror: "mirror port"
            case .hostPath: "several interfaces"
            case .twoPoints: "two points of the path"
            }
        return "\(NumberText.grouped(twice.packets)), counted once (\(position))"
    }
    static let captureDecode = "Not understood"
    static let decodeTruncated = "cut by the capture"
    static let decodeMalformed = "against the rules"
    static let decodeUnsupported = "not known to us"
    static let decodeGaps = "holes in streams"
    static let decodeGapBytes = "bytes in holes"
    static let captureTables = "Tables"
    static let flowsEvicted = "flows evicted"
    static let captureOwn = "streamtop itself"
    static let ownCPU = "processor"
    static let ownMemory = "memory"
    static let ofOneCore = " of one core"

    static let wireBytesHeld = "bytes of the wire"
    static let captureLimits = "Caps"

    static func held(_ memory: MemoryBudget) -> String {
        let used = "\(ByteText.short(UInt64(memory.used))) of \(ByteText.short(UInt64(memory.capacity)))"
        guard memory.releases > 0 else { return used }
        return used + "  given up \(ByteText.short(memory.releasedBytes))"
    }

    /// A cap's value, what has one, and what happens there.
    static func limit(_ limit: Limit) -> String {
        let value =
            switch limit.unit {
            case .items: NumberText.grouped(limit.value)
            case .bytes: ByteText.short(UInt64(max(0, limit.value)))
            case .nanoseconds: DurationText.withUnit(Int64(limit.value))
            }
        return limit.scope == .engine
            ? "\(value): \(limit.policy)" : "\(value) a \(limit.scope.rawValue): \(limit.policy)"
    }

    static func usedOf(_ used: Int, _ capacity: Int, evicted: UInt64) -> String {
        "\(NumberText.grouped(used)) of \(NumberText.grouped(capacity))"
            + (evicted > 0 ? "  evicted \(NumberText.grouped(evicted))" : "")
    }
}
