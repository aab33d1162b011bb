import StreamtopBase
import StreamtopWire

/// What the elements of a stream's header extension are. Their numbers are agreed on in signalling; without it each number
/// is judged by how its values behave (handbook 7.6).
package struct RTPExtensionReader: Sendable {
    private static let capacity = 16
    /// Own: packets that have to agree before an element is believed; by chance a 24-bit time agrees once in hundreds.
    private static let enough = 8

    private struct Candidate: Sendable {
        var identifier: UInt8
        var packets = 0
        // abs-send-time
        var timeMatches = 0
        var lastTime = AbsoluteSendTime(units: 0)
        var lastArrival = Timestamp(nanoseconds: 0)
        // dependency descriptor
        var frameMatches = 0
        var frameMisses = 0
        var lastFrame: UInt16 = 0
        var keyFrames = 0
        var lastKeyFrame: Timestamp?
        var keyInterval: Nanoseconds = 0
        var keyIntervals = 0
        var decodeTargets: UInt8 = 0
        // transport-wide sequence numbers
        var sequenceMatches = 0
        var lastSequence: UInt16 = 0
        // audio level
        var isAlwaysOne = true
        // text
        var text: [UInt8] = []
        var isText = true
    }

    private var candidates: [Candidate] = []
    /// Elements of the packet at hand.
    package private(set) var sendTime: AbsoluteSendTime?
    package private(set) var transportSequence: UInt16?
    package private(set) var isKeyFrameStart = false
    /// The packet at hand says when it was sent, or how many went before it on the path.
    var tellsOfPath: Bool { sendTime != nil || transportSequence != nil }

    init() {}

    /// Key frames by the dependency descriptor; nil where no element is one.
    package var keyFrames: (count: Int, interval: Nanoseconds?)? {
        guard let found = descriptor else { return nil }
        let interval = found.keyIntervals > 0 ? found.keyInterval / Int64(found.keyIntervals) : nil
        return (found.keyFrames, interval)
    }

    private var descriptor: Candidate? {
        candidates.first { $0.frameMatches >= Self.enough && $0.frameMisses * 20 <= $0.frameMatches }
    }

    private func isSendTime(_ candidate: Candidate) -> Bool {
        candidate.timeMatches >= Self.enough && candidate.timeMatches * 10 >= candidate.packets * 8
    }

    /// Texts of elements that hold the same printable text in every packet: stream names (RFC 8852) and media names (RFC
    /// 9143). Which is which only signalling says, so both are given in order of their numbers.
    package var texts: [String] {
        candidates.filter { $0.isText && $0.packets >= Self.enough && !$0.text.isEmpty }
            .sorted { $0.identifier < $1.identifier }.map { String(decoding: $0.text, as: UTF8.self) }
    }

    /// The text that the element of this number held in every packet.
    func text(_ identifier: UInt8) -> String? {
        guard let found = candidates.first(where: { $0.identifier == identifier }), found.isText, !found.text.isEmpty
        else { return nil }
        return String(decoding: found.text, as: UTF8.self)
    }

    mutating func observe(_ header: RTPHeader, packet: RawSpan, isFrameStart: Bool, at time: Timestamp) {
        sendTime = nil
        transportSequence = nil
        isKeyFrameStart = false
        guard let profile = header.extensionProfile, header.extensionOffset + header.extensionLength <= packet.byteCount
        else { return }
        let data = packet.extracting(
            header.extensionOffset..<(header.extensionOffset + header.extensionLength))
        guard var elements = RTPExtensionElements(profile: profile, data: data) else { return }
        while let element = elements.next() {
            let value = data.extracting(element.offset..<(element.offset + element.length))
            observe(element, value, header, isFrameStart: isFrameStart, at: time)
        }
    }

    private mutating func observe(
        _ element: RTPExtensionElement, _ value: RawSpan, _ header: RTPHeader, isFrameStart: Bool, at time: Timestamp
    ) {
        let index: Int
        if let known = candidates.firstIndex(where: { $0.identifier == element.identifier }) {
            index = known
        } else {
            guard candidates.count < Self.capacity else { return }
            candidates.append(Candidate(identifier: element.identifier))
            index = candidates.count - 1
        }
        var reader = ByteReader(value)
        let isFirst = candidates[index].packets == 0
        candidates[index].packets &+= 1
        if element.length != 1 { candidates[index].isAlwaysOne = false }
        if element.length == AbsoluteSendTime.length {
            observeTime(index, AbsoluteSendTime(units: reader.uint24()), isFirst: isFirst, at: time)
            reader = ByteReader(value)
        }
        if element.length == 2 || element.length == 4 {
            let sequence = reader.uint16()
            let step = sequence &- candidates[index].lastSequence
            if !isFirst, (1...64).contains(step) { candidates[index].sequenceMatches &+= 1 }
            candidates[index].lastSequence = sequence
            if candidates[index].sequenceMatches >= Self.enough,
                candidates[index].sequenceMatches * 10 >= candidates[index].packets * 8
            {
                transportSequence = sequence
            }
            reader = ByteReader(value)
        }
        if element.length >= 3, let descriptor = try? DependencyDescriptor(decoding: &reader) {
            observeDescriptor(index, descriptor, header, isFrameStart: isFrameStart, isFirst: isFirst, at: time)
        }
        observeText(index, value, isFirst: isFirst)
    }

    /// The value advances as capture time does, within 100 ms or a fifth.
    private mutating func observeTime(_ index: Int, _ value: AbsoluteSendTime, isFirst: Bool, at time: Timestamp) {
        if !isFirst {
            let advance = Double(value.distance(after: candidates[index].lastTime)) / AbsoluteSendTime.unitsPerSecond
            let elapsed = (time - candidates[index].lastArrival).seconds
            if advance >= -0.1, abs(advance - elapsed) <= max(0.1, elapsed / 5), elapsed < 16 {
                candidates[index].timeMatches &+= 1
            }
        }
        candidates[index].lastTime = value
        candidates[index].lastArrival = time
        if isSendTime(candidates[index]) { sendTime = value }
    }

    /// Frame starts and ends agree with timestamps and markers, and frame numbers ascend.
    private mutating func observeDescriptor(
        _ index: Int, _ value: DependencyDescriptor, _ header: RTPHeader, isFrameStart: Bool, isFirst: Bool,
        at time: Timestamp
    ) {
        let step = value.frameNumber &- candidates[index].lastFrame
        let steps: ClosedRange<UInt16> = value.isFrameStart ? 1...16 : 0...0
        let agrees =
            (isFirst || steps.contains(step)) && (!header.isMarked || value.isFrameEnd)
            && (!isFrameStart || value.isFrameStart)
        if agrees { candidates[index].frameMatches &+= 1 } else { candidates[index].frameMisses &+= 1 }
        candidates[index].lastFrame = value.frameNumber
        guard agrees, value.hasStructure, value.isFrameStart else { return }
        candidates[index].keyFrames &+= 1
        candidates[index].decodeTargets = value.decodeTargets
        if let last = candidates[index].lastKeyFrame {
            candidates[index].keyInterval = saturatingAdd(candidates[index].keyInterval, max(0, time - last))
            candidates[index].keyIntervals &+= 1
        }
        candidates[index].lastKeyFrame = time
        isKeyFrameStart = candidates[index].frameMisses * 20 <= candidates[index].frameMatches
    }

    private mutating func observeText(_ index: Int, _ value: RawSpan, isFirst: Bool) {
        guard candidates[index].isText else { return }
        guard (1...16).contains(value.byteCount) else {
            candidates[index].isText = false
            return
        }
        var reader = ByteReader(value)
        let text = reader.copy(value.byteCount)
        if isFirst {
            candidates[index].text = text
            // RFC 8852 section 3.1 and RFC 9143: letters, digits, a few signs.
            candidates[index].isText = text.allSatisfy { (0x21...0x7e).contains($0) }
        } else if candidates[index].text != text {
            candidates[index].isText = false
        }
    }
}
