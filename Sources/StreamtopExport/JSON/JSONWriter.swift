/// Appends one JSON text (RFC 8259) to a byte buffer that its owner reuses from record to record.
///
/// Nothing is built on the side: no value tree, no strings for numbers. Commas take care of themselves. Members whose
/// value is not known are left out, so each typed `member` takes an optional and writes nothing for nil; the same goes
/// for what JSON cannot say (NaN, infinity) and for text without a character.
struct JSONWriter {
    private(set) var bytes: [UInt8]
    /// A value was written at this level, so that the next one needs a comma before it.
    private var needsComma = false

    /// Takes over `buffer` and appends to it; `finish` gives it back. The caller's array is empty in between, so that
    /// appending never copies.
    init(taking buffer: inout [UInt8]) {
        bytes = []
        swap(&bytes, &buffer)
    }

    /// Gives the buffer back with all that was appended.
    consuming func finish(into buffer: inout [UInt8]) {
        swap(&bytes, &buffer)
    }

    // MARK: Structure

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }

    mutating func array<Elements: Sequence>(
        _ name: StaticString, _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
    ) {
        key(name)
        array(elements, body)
    }

    mutating func array<Elements: Sequence>(
        _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
    ) {
        open(UInt8(ascii: "["))
        for element in elements { body(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// Starts a member; its value must follow. `name` is a constant of ours in snake_case and needs no escapes, unless
    /// it is data (`keyEscaped`).
    mutating func key(_ name: StaticString) {
        let hasComma = needsComma
        let count = name.utf8CodeUnitCount
        // One call that grows the array, not one for each byte: names are most of what a record is made of.
        bytes.append(addingCapacity: count + 4) { (output: inout OutputSpan<UInt8>) in
            if hasComma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            unsafe output.withUnsafeMutableBufferPointer { room, used in
                let text = unsafe UnsafeBufferPointer(start: name.utf8Start, count: count)
                used += unsafe UnsafeMutableBufferPointer(rebasing: room[used...]).update(fromContentsOf: text)
            }
            output.append(UInt8(ascii: "\""))
            output.append(UInt8(ascii: ":"))
        }
        needsComma = false
    }

    /// Starts a member whose name is data.
    mutating func keyEscaped(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    // MARK: Plumbing for the writers of values

    /// Comma, if one is due, before a value of whatever form.
    mutating func startValue() { comma() }

    mutating func put(_ byte: UInt8) { bytes.append(byte) }

    mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends up to `capacity` bytes in one go.
    mutating func put(upTo capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        bytes.append(addingCapacity: capacity, initializingWith: write)
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ byte: UInt8) {
        comma()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }
}
