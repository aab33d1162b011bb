import StreamtopModel
import StreamtopWire

/// What one end of an HTTP/3 connection sent besides messages.
struct HTTP3Endpoint: Sendable {
    /// Frames by kind; empty until there is one.
    private var frameCounts: [Int] = []
    var overheadBytes: UInt64 = 0
    var payloadBytes: UInt64 = 0
    var qpackStreamBytes: UInt64 = 0
    var settings: HTTP3Settings?
    var goAway: UInt64?
    var hasControlStream = false

    init() {}

    mutating func count(_ type: HTTP3FrameType, headerLength: Int) {
        if frameCounts.isEmpty { frameCounts = Array(repeating: 0, count: HTTP3FrameType.Kind.allCases.count) }
        frameCounts[Int(type.kind.rawValue)] += 1
        overheadBytes &+= UInt64(headerLength)
    }

    var snapshot: HTTP3EndpointSnapshot {
        var endpoint = HTTP3EndpointSnapshot()
        endpoint.frames = zip(HTTP3FrameType.Kind.allCases, frameCounts).filter { $0.1 > 0 }.map {
            QUICFrameCount(name: $0.0.name, count: $0.1)
        }
        endpoint.settings = settings.map { settings in
            // Settings that exist only to be ignored say nothing.
            settings.list.filter { !HTTP3FrameType.isReserved($0.identifier) }.map { setting in
                let name =
                    HTTP3Settings.Name(rawValue: setting.identifier)?.text
                    ?? "setting_0x" + String(setting.identifier, radix: 16)
                return QUICParameter(name: name, value: .number(setting.value))
            }
        }
        endpoint.overheadBytes = overheadBytes
        endpoint.payloadBytes = payloadBytes
        endpoint.qpackStreamBytes = qpackStreamBytes
        endpoint.goAway = goAway
        return endpoint
    }
}
