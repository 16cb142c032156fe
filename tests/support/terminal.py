# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a pseudo-terminal, and the screen that it paints there (a VT100 of any size)."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

SEQUENCE = re.compile(rb'\x1b\[([?0-9;]*)([A-Za-z@])|\x1b([()].|[=>78MDEHc])|([\x00-\x1f\x7f])|([^\x00-\x1f\x7f]+)', re.S)


class Terminal:
    def __init__(self, argv, rows=24, columns=80, env=None):
        self.rows, self.columns = rows, columns
        self.clear()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(env or {}, TERM='vt100', LC_ALL='C.UTF-8', LINES='', COLUMNS='')
            del os.environ['LINES'], os.environ['COLUMNS']
            time.sleep(0.2)  # until the parent has set the size
            os.execv(argv[0], argv)
        self.resize(rows, columns)
        self.status = None
        self.pending = b''

    def clear(self):
        self.row = self.column = 0
        self.top, self.bottom = 0, self.rows - 1  # of the part that scrolls
        self.cells = [[' '] * self.columns for _ in range(self.rows)]

    def resize(self, rows, columns):
        self.cells = [(line + [' '] * columns)[:columns] for line in self.cells[:rows]]
        self.cells += [[' '] * columns for _ in range(rows - len(self.cells))]
        self.rows, self.columns = rows, columns
        self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)
        self.top, self.bottom = 0, rows - 1
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def text(self):
        return '\n'.join(''.join(line).rstrip() for line in self.cells)

    def put(self, text):
        for character in text:
            if self.column >= self.columns:
                self.row, self.column = min(self.row + 1, self.rows - 1), 0
            self.cells[self.row][self.column] = character
            self.column += 1

    def control(self, byte):
        if byte == 8:
            self.column = max(0, self.column - 1)
        elif byte == 9:
            self.column = min(self.columns - 1, (self.column // 8 + 1) * 8)
        elif byte == 10:
            self.feed_line()
        elif byte == 13:
            self.column = 0

    def feed_line(self):
        if self.row == self.bottom:
            del self.cells[self.top]
            self.cells.insert(self.bottom, [' '] * self.columns)
        else:
            self.row = min(self.row + 1, self.rows - 1)

    def feed_line_back(self):
        if self.row == self.top:
            del self.cells[self.bottom]
            self.cells.insert(self.top, [' '] * self.columns)
        else:
            self.row = max(self.row - 1, 0)

    def escape(self, rest):
        if rest == b'M':
            self.feed_line_back()
        elif rest == b'D':
            self.feed_line()

    def command(self, arguments, letter):
        numbers = [int(word) if word.isdigit() else 0 for word in arguments.split(';')]
        first = max(1, numbers[0])
        if letter in 'Hf':
            self.row = min(first, self.rows) - 1
            self.column = min(max(1, numbers[1] if len(numbers) > 1 else 1), self.columns) - 1
        elif letter in 'ABCD':
            down, right = {'A': (-1, 0), 'B': (1, 0), 'C': (0, 1), 'D': (0, -1)}[letter]
            self.row = min(max(0, self.row + down * first), self.rows - 1)
            self.column = min(max(0, self.column + right * first), self.columns - 1)
        elif letter == 'r':
            self.top = first - 1
            self.bottom = min(numbers[1] if len(numbers) > 1 and numbers[1] else self.rows, self.rows) - 1
            self.row = self.column = 0
        elif letter == 'K':
            begin = self.column if numbers[0] == 0 else 0
            end = self.column + 1 if numbers[0] == 1 else self.columns
            for column in range(begin, min(end, self.columns)):
                self.cells[self.row][column] = ' '
        elif letter == 'J':
            if numbers[0] == 2:
                self.cells = [[' '] * self.columns for _ in range(self.rows)]
            else:
                self.command('0', 'K')
                for row in range(self.row + 1, self.rows):
                    self.cells[row] = [' '] * self.columns

    def feed(self, data):
        data = self.pending + data
        self.pending = b''
        at = 0
        while at < len(data):
            match = SEQUENCE.match(data, at)
            if not match:  # the rest of a sequence comes with the next bytes
                self.pending = data[at:]
                return
            at = match.end()
            if match.group(2):
                self.command(match.group(1).decode(), match.group(2).decode())
            elif match.group(3):
                self.escape(match.group(3))
            elif match.group(4):
                self.control(match.group(4)[0])
            elif match.group(5):
                self.put(match.group(5).decode(errors='replace'))

    def wait_for(self, shown, seconds=20):
        """Paints until `shown(text)` holds; the text, or an AssertionError with the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            readable, _, _ = select.select([self.fd], [], [], 0.2)
            if readable:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b''
                if not data:
                    break
                self.feed(data)
            if shown(self.text()):
                return self.text()
        raise AssertionError('the screen shows:\n' + self.text())

    def wait_for_words(self, *words, seconds=20):
        return self.wait_for(lambda text: all(word in text for word in words), seconds)

    def end(self, seconds=10):
        """The exit code, once the program has ended by itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            readable, _, _ = select.select([self.fd], [], [], 0.1)
            if readable:
                try:
                    self.feed(os.read(self.fd, 65536))
                except OSError:
                    pass
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError('the program did not end; the screen shows:\n' + self.text())
