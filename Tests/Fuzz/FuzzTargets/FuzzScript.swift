/// The input as a series of steps: a byte that says what to do, two bytes of length, and that many bytes (or what is left).
struct FuzzScript {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func next() -> (action: UInt8, bytes: [UInt8])? {
        guard rest.count >= 3 else { return nil }
        let head = Array(rest.prefix(3))
        rest = rest.dropFirst(3)
        let body = rest.prefix(Int(head[1]) << 8 | Int(head[2]))
        rest = rest.dropFirst(body.count)
        return (head[0], Array(body))
    }
}
