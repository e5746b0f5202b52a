"""The kinds of frames on the backplane; both ends import this one list.

A frame is kind, id, u16 length, u32 µs that the board had spent since the last answer when it
posted it (0 to the board), then as many bytes as it is long. A message is a header of three
little-endian 32-bit numbers and any number of frames. From the board: length of the frames,
microseconds spent since the last answer, microseconds it wants to wait (-1: no answer is expected).
To the board: length of the frames, microseconds that passed, microseconds until which nothing can
happen.
"""

BOOT = 1  # to board: struct BOOT_FORMAT; from board: see BOOTED_FORMAT
NVS = 2  # both ways; id: type of value, or NVS_ERASE; b"namespace\0key\0" + value
RTC_MEMORY = 3  # both ways
RTC_TIME = 4  # from board: seconds since 2000, microseconds
NAME = 5  # to board, real time: u16 port, u16 real port, host; empty: forget all
PTY = 6  # to board, real time; id: UART; path
END = 7  # from board: main.py has ended; what follows is the prompt
RESET = 8  # from board; id: cause; anything: the prompt was raw, and stays so
WATCHDOG = 9  # from board: u32 timeout in ms; empty: fed
PIN = 10  # both ways; id: pin; one byte: level
UART_SETUP = 11  # from board; id: UART; u32 baud, bits, parity (0 even, 1 odd, 2 none), stop, lines
# that are inverted
UART_DATA = 12  # both ways; id: UART
WIFI = 13  # from board; id: 1 join, 0 leave; ssid, 0, password; to board; id: 1 joined, 0 not, 2
# the driver is stuck; u16 reason
FLASH = 14  # both ways; id: see below
LOOK_UP = 15  # from board: host name; to board: address, empty if unknown
CONNECT = 16  # from board; id: socket; u16 port, address; to board: it is connected
SOCKET_DATA = 17  # both ways; id: socket
SOCKET_ROOM = 18  # both ways; id: socket; u16 bytes that the receiver has taken
CLOSE = 19  # both ways; id: socket
SOCKET_ERROR = 20  # to board; id: socket; u16 error number
DATAGRAM = 21  # both ways; id: socket; u16 port, length of address, address, data

# Questions of a peripheral, each with an answer of the same kind and id.
I2C = 22  # id: bus; u8 address, u16 bytes to read, u16 kHz, what to write; 1 and what was read
SPI = 23  # id: bus; bytes out; bytes in
ONE_WIRE = 24  # id: pin; operation and its bytes; what was read
VOLTS = 25  # id: pin; -; u32 microvolts
PULSES = 26  # id: unit; pin and levels after the edges to count from now on, or -; u32 count
WIFI_SCAN = 27  # -; for each network i8 rssi, length of its name, name
QUESTIONS = (I2C, SPI, ONE_WIRE, VOLTS, PULSES, WIFI_SCAN)

LAN = 28  # both ways; id: from board 1 active, 0 not; to board 1 connected, 0 not
BANNER = 29  # to board: what its MicroPython says of itself at the prompt
ACCESS_POINT = 30  # from board; id: 1 open, 0 not; ssid, 0, password
LIGHT = 31  # from board; id: pin; green, red, blue of each addressable light
SPI_OUT = 32  # from board; id: bus; bytes out, where nobody takes the bytes in

# Ids of FLASH from the board; the first two, if asked for, with u32 address, u16 length.
FLASH_ERASED = 0
FLASH_PROGRAMMED = 1
FLASH_REFUSED = 2
FLASH_TORN = 3  # the power has failed within an operation
# And to the board.
FLASH_REFUSES = 0  # one byte: whether it does
FLASH_STUCK = 1  # u32 address of a byte that stays 0 when its block is erased
FLASH_TEARS = 2  # u16 operations that are still whole, u8 256ths of the next one; empty: never

NVS_I32 = 0
NVS_BLOB = 1
NVS_ERASE = 2

ONE_WIRE_RESET = 0
ONE_WIRE_WRITE = 1
ONE_WIRE_READ = 2
ONE_WIRE_WRITE_BIT = 3
ONE_WIRE_READ_BIT = 4

# flags (REPORT_FLASH, TICKS, RAW_PROMPT), reset cause, RTC seconds and µs, first ticks_ms, seed,
# unique id
BOOT_FORMAT = "<BBIIII6s"
REPORT_FLASH = 1
TICKS = 2
RAW_PROMPT = 4

# bytes of heap that the emulated modules take, and with the filler beside them
BOOTED_FORMAT = "<II"
