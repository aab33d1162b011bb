import StreamtopBase
import StreamtopModel

/// A buffer as the tables of ladders show it: a rung of a flow's ladder, or a buffer of this host.
struct LadderRung: Sendable {
    var name: String
    /// "130k of 400k".
    var holds: String?
    var delay: Nanoseconds?
    var bound: DelayBound
    /// Of the delay, what is above the empty path.
    var queue: Nanoseconds?
    var isPaced: Bool
    /// Of the longest delay of the ladder.
    var share: Double
    /// It holds most of the delay.
    var isLargest = false
    var drops: UInt64?
    var dropsPerSecond: Double?
    var trend: BufferTrend?
    /// Where the figure comes from, in a word.
    var source: String?

    /// The rungs of one direction of a flow.
    static func of(_ flow: FlowSnapshot, _ travel: BufferTravel) -> [LadderRung] {
        let rungs = flow.buffers.filter { $0.direction == travel }
        let longest = rungs.compactMap(\.delay).max() ?? 0
        let largest = flow.ladder?[travel]?.largest
        return rungs.map { rung in
            LadderRung(
                name: Words.ladderName(rung), holds: Words.holding(rung.occupiedBytes, of: rung.capacityBytes),
                delay: rung.delay, bound: rung.bound, queue: rung.queue, isPaced: rung.isPaced,
                share: longest > 0 ? Double(rung.delay ?? 0) / Double(longest) : 0, isLargest: rung.layer == largest,
                drops: rung.drops, dropsPerSecond: rung.dropsPerSecond, trend: rung.trend,
                source: Words.ladderSource(rung.source))
        }
    }

    /// The buffers of this host in one direction.
    static func of(_ host: HostSnapshot, _ travel: BufferTravel) -> [LadderRung] {
        let layers = host.layers.filter { $0.direction == travel }
        let longest = layers.compactMap(\.delay).max() ?? 0
        return layers.map { layer in
            let fill = layer.capacity.map { $0 > 0 ? Double(layer.occupied ?? 0) / Double($0) : 0 } ?? 0
            let isLargest = layer.delay == longest && longest >= leastNamed && !layer.isPaced
            return LadderRung(
                name: Words.ladderName(layer),
                holds: Words.holding(layer.occupied, of: layer.capacity, unit: layer.unit), delay: layer.delay,
                bound: layer.bound, queue: nil, isPaced: layer.isPaced,
                share: layer.delay == nil ? min(1, fill) : longest > 0 ? Double(layer.delay ?? 0) / Double(longest) : 0,
                isLargest: isLargest, drops: layer.droppedSince, dropsPerSecond: layer.dropsPerSecond,
                trend: layer.trend, source: nil)
        }
    }

    /// Own: what waits less is never what a user feels.
    private static let leastNamed: Nanoseconds = .milliseconds(5)
}

/// Commands in the sentences of an advice, as a shell takes them.
enum AdvisedCommands {
    /// How a command begins, and the words that it has at least.
    private static let beginnings: [(text: String, words: Int)] = [
        // In the namespace of the device, before the command itself is found.
        ("ip netns exec ", 8), ("nsenter -n -t ", 7),
        ("sysctl -w ", 3), ("tc qdisc ", 5), ("tc class ", 5), ("ethtool -", 4), ("ip link ", 5),
    ]

    static func of(_ advice: String) -> [String] {
        var commands: [String] = []
        var rest = advice[...]
        while let (start, least) = next(in: rest) {
            let tail = rest[start...]
            let end = end(of: tail)
            let words = tail[..<end].split(separator: " ")
            if words.count >= least { commands.append(words.joined(separator: " ")) }
            rest = tail[end...].dropFirst()
        }
        return commands
    }

    private static func next(in text: Substring) -> (Substring.Index, Int)? {
        var position = text.startIndex
        while position < text.endIndex {
            let isWord = position == text.startIndex || !(text[text.index(before: position)].isLetter)
            if isWord, let found = beginnings.first(where: { text[position...].hasPrefix($0.text) }) {
                return (position, found.words)
            }
            position = text.index(after: position)
        }
        return nil
    }

    /// A command ends where the sentence goes on: at a bracket, a semicolon, a comma or a full stop before a space.
    private static func end(of text: Substring) -> Substring.Index {
        var position = text.startIndex
        while position < text.endIndex {
            let character = text[position]
            let following = text.index(after: position)
            let isBeforeSpace = following == text.endIndex || text[following] == " "
            if character == "(" || character == ";"
                || (character == "," || character == "." || character == ":") && isBeforeSpace
            {
                return position
            }
            position = following
        }
        return text.endIndex
    }

    /// Of several advices, each command once.
    static func of(_ advices: [String]) -> [String] {
        var seen: Set<String> = []
        return advices.flatMap { of($0) }.filter { seen.insert($0).inserted }
    }
}
