@echo off
rem Starts watcher with the Python that lies beside this file. Double-clicked, it sets
rem watcher up; once that is done, it shows how watcher stands.
setlocal
if not exist "%~dp0python\python.exe" goto not_unpacked
if "%~1"=="" goto double_clicked
"%~dp0python\python.exe" -m watcher %*
exit /b %ERRORLEVEL%

:double_clicked
title watcher
set "WATCHER_CLICKED_IN=%~dp0"
"%~dp0python\python.exe" -m watcher
echo.
pause
exit /b

:not_unpacked
chcp 65001 >nul
echo First unpack the whole zip file: right-click it and choose "Extract All...".
echo Then double-click watcher.cmd in the folder that was made.
echo.
echo 先に zip ファイルの全体を展開してください。zip ファイルを右クリックして
echo 「すべて展開」を選び、できたフォルダーの watcher.cmd をダブルクリックします。
echo.
pause
exit /b 1
